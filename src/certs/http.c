#include "certs/http.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "base/monotime.h"
#include "certs/publisher_internal.h"

#define LIST_MAX_AGE_S 3600
#define CERTIFICATE_MAX_AGE_S 86400

static int not_found(struct certs_http_reply *reply)
{
	static const char text[] = "not found\n";

	reply->status = 404;
	reply->content_type = "text/plain";
	buffer_append(&reply->body, text, sizeof(text) - 1);
	return 0;
}

static int not_allowed(struct certs_http_reply *reply, const char *allow)
{
	static const char text[] = "method not allowed\n";

	reply->status = 405;
	reply->content_type = "text/plain";
	reply->allow = allow;
	buffer_append(&reply->body, text, sizeof(text) - 1);
	return 0;
}

static void set_etag(struct certs_http_reply *reply, const uint8_t hash[SHA256_SIZE])
{
	char hex[2 * SHA256_SIZE + 1];

	hex_encode((struct bytes){ hash, SHA256_SIZE }, hex);
	snprintf(reply->etag, sizeof(reply->etag), "\"%s\"", hex);
}

/* --- lists --- */

/* A list is kept for half of what is left of its life: who fetches one always has time for the
 * next. */
static int answer_list(const struct published_ca *ca, struct certs_http_reply *reply)
{
	int64_t left = ca->list.next_update - walltime_s();

	if (ca->list.fd < 0)
		return not_found(reply);
	reply->body_fd = fcntl(ca->list.fd, F_DUPFD_CLOEXEC, 3);
	if (reply->body_fd < 0)
		return -1;
	reply->body_size = ca->list.size;
	reply->status = 200;
	reply->content_type = "application/pkix-crl";
	set_etag(reply, ca->list.hash);
	reply->last_modified_s = ca->list.this_update;
	reply->expires_s = ca->list.next_update;
	reply->max_age_s = left / 2 < LIST_MAX_AGE_S ? left / 2 : LIST_MAX_AGE_S;
	if (reply->max_age_s < 0)
		reply->max_age_s = 0;
	return 0;
}

/* --- certificates --- */

static int answer_certificate(const struct published_ca *ca, struct certs_http_reply *reply)
{
	struct bytes der = certificate_der(ca->certificate);
	uint8_t hash[SHA256_SIZE];
	struct sha256 sha256;

	sha256_init(&sha256);
	sha256_update(&sha256, der.data, der.len);
	sha256_final(&sha256, hash);
	buffer_append(&reply->body, der.data, der.len);
	reply->status = 200;
	reply->content_type = "application/pkix-cert";
	set_etag(reply, hash);
	reply->max_age_s = CERTIFICATE_MAX_AGE_S;
	return 0;
}

/* name: "<key id>.crl" or "<key id>.cer" */
static int answer_file(struct publisher *publisher, const char *name,
		       struct certs_http_reply *reply)
{
	const char *dot = strrchr(name, '.');
	char key_id[PUBLISHED_KEY_ID_SIZE];
	const struct published_ca *ca;
	size_t len, i;

	if (dot == NULL || dot == name || (size_t)(dot - name) >= sizeof(key_id))
		return not_found(reply);
	len = (size_t)(dot - name);
	for (i = 0; i < len; i++)
		key_id[i] =
			name[i] >= 'A' && name[i] <= 'F' ? (char)(name[i] + 'a' - 'A') : name[i];
	key_id[len] = '\0';
	ca = publisher_find_key_id(publisher, key_id);
	if (ca == NULL)
		return not_found(reply);
	if (strcmp(dot, ".crl") == 0)
		return answer_list(ca, reply);
	return strcmp(dot, ".cer") == 0 ? answer_certificate(ca, reply) : not_found(reply);
}

/* --- OCSP --- */

static int answer_ocsp(struct publisher *publisher, const char *method, const char *rest,
		       struct bytes body, const char *source, struct certs_http_reply *reply)
{
	struct buffer der = { 0 };
	int result;

	if (strcmp(method, "POST") == 0)
		return ocsp_answer(publisher, body, source, reply);
	if (strcmp(method, "GET") != 0)
		return not_allowed(reply, "GET, HEAD, POST");
	/* What is no base64 is an empty, and so a malformed request. */
	(void)!ocsp_request_from_path(rest, &der);
	result = ocsp_answer(publisher, buffer_bytes(&der), source, reply);
	buffer_done(&der);
	return result;
}

int certs_http(struct control *control, const char *method, const char *path, struct bytes body,
	       const char *source, struct certs_http_reply *ret_reply)
{
	struct publisher *publisher = publisher_of(control);

	*ret_reply = (struct certs_http_reply){ .body_fd = -1 };
	if (strcmp(path, "/ocsp") == 0)
		return answer_ocsp(publisher, method, "", body, source, ret_reply);
	if (strncmp(path, "/ocsp/", 6) == 0)
		return answer_ocsp(publisher, method, path + 6, body, source, ret_reply);
	if (strncmp(path, "/pki/", 5) != 0)
		return not_found(ret_reply);
	if (strcmp(method, "GET") != 0)
		return not_allowed(ret_reply, "GET, HEAD");
	return answer_file(publisher, path + 5, ret_reply);
}
