/* Where the world finds a CA's revocation list, its certificate and the OCSP responder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "certs/pca.h"
#include "pki/san_check.h"

/* Only http: https would need what it is to prove (RFC 5280 8). */
static bool is_usable(const char *url)
{
	return strncmp(url, "http://", 7) == 0 && san_check_uri(url) == NULL;
}

static void set(char *ret_url, size_t size, const char *base, const char *format, const char *key)
{
	char path[96];
	int len;

	snprintf(path, sizeof(path), format, key);
	len = snprintf(ret_url, size, "%s%s", base, path);
	if (len < 0 || (size_t)len >= size || !is_usable(ret_url))
		ret_url[0] = '\0';
}

void pca_urls(struct store *store, const struct authority *authority, struct pca_urls *ret_urls)
{
	char *base = store_setting(store, "PkiBaseUrl");
	char key[AUTHORITY_KEY_ID_TEXT];
	size_t len;

	*ret_urls = (struct pca_urls){ "", "", "" };
	if (base == NULL)
		return;
	for (len = strlen(base); len > 0 && base[len - 1] == '/'; len--)
		base[len - 1] = '\0';
	authority_key_id_text(authority, key);
	if (base[0] != '\0') {
		set(ret_urls->crl, sizeof(ret_urls->crl), base, "/pki/%s.crl", key);
		set(ret_urls->issuer, sizeof(ret_urls->issuer), base, "/pki/%s.cer", key);
		snprintf(key, sizeof(key), "ocsp");
		set(ret_urls->ocsp, sizeof(ret_urls->ocsp), base, "/%s", key);
	}
	free(base);
}
