#include "health/request.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "net/proxy_protocol.h"

/* What HealthCheckDomain says; by default the server's address, in brackets where it is IPv6. */
static void write_host(const struct document_health_check *check, const struct address *server,
		       char ret_host[sizeof(check->domain)])
{
	char ip[ADDRESS_TEXT_SIZE];

	if (check->domain[0] != '\0' && strcmp(check->domain, "$SERVER_IP") != 0) {
		snprintf(ret_host, sizeof(check->domain), "%s", check->domain);
		return;
	}
	address_format_ip(server, ip);
	snprintf(ret_host, sizeof(check->domain), server->family == 6 ? "[%s]" : "%s", ip);
}

static size_t write_http(const struct document_health_check *check, const struct address *server,
			 char *out, size_t size)
{
	char host[sizeof(check->domain)];
	/* A fragment stays at home (RFC 9112, 3.2.1). */
	int url_len = (int)strcspn(check->url, "#");
	int len;

	write_host(check, server, host);
	len = snprintf(out, size,
		       "%s %.*s HTTP/%s\r\nHost: %s\r\nUser-Agent: sallyport-health-check\r\n"
		       "Accept: */*\r\nConnection: close\r\n\r\n",
		       check->method == MODEL_CHECK_HEAD ? "HEAD" : "GET",
		       url_len > 0 ? url_len : 1, url_len > 0 ? check->url : "/",
		       check->http_1_1 ? "1.1" : "1.0", host);
	assert(len > 0 && (size_t)len < size);
	return (size_t)len;
}

size_t request_write(const struct document_health_check *check, const struct address *server,
		     char ret_bytes[REQUEST_MAX])
{
	uint8_t header[PROXY_HEADER_MAX];
	size_t len = 0;

	if (check->proxy_protocol) {
		len = proxy_header_v2_local(header);
		memcpy(ret_bytes, header, len);
	}
	if (check->type == MODEL_CHECK_HTTP)
		len += write_http(check, server, ret_bytes + len, REQUEST_MAX - len);
	return len;
}
