/* Which API a command speaks to: of flags, of the environment, or the only one there is. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "cli/api_client.h"
#include "control/client.h"

#define TOKEN_MAX 4096

static const char *given(const char *flag, const char *variable)
{
	const char *value = flag != NULL ? flag : getenv(variable);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static int read_token(const char *path, char **ret_token, struct error *err)
{
	struct buffer text = { 0 };

	if (buffer_read_file(path, TOKEN_MAX, &text, err) < 0)
		return -1;
	buffer_append(&text, "", 1);
	text.data[strcspn((const char *)text.data, "\r\n")] = '\0';
	*ret_token = memory_copy_string((const char *)text.data);
	buffer_done(&text);
	return 0;
}

static int find_endpoint(const struct api_flags *flags, struct api_target *target,
			 struct error *err)
{
	const char *token = getenv("SALLYPORT_TOKEN");

	target->ca_file = given(flags->ca_file, "SALLYPORT_CA_FILE");
	if (flags->token_file != NULL)
		return read_token(flags->token_file, &target->token, err);
	target->token = memory_copy_string(token);
	if (token != NULL)
		return 0;
	error_set(err, ERROR_INVALID, "could not ask %s: there is no token", target->endpoint);
	return error_hint(err, "Give --token-file FILE, or set SALLYPORT_TOKEN.");
}

int api_target_find(const struct api_flags *flags, struct api_target *ret_target, struct error *err)
{
	const char *data_dir = given(flags->data_dir, "SALLYPORT_DATA_DIR");

	memset(ret_target, 0, sizeof(*ret_target));
	ret_target->endpoint = given(flags->endpoint, "SALLYPORT_ENDPOINT");
	if (ret_target->endpoint != NULL && flags->data_dir == NULL)
		return find_endpoint(flags, ret_target, err);
	return client_find_api(data_dir, ret_target->socket, err);
}

void api_target_done(struct api_target *target)
{
	if (target->token != NULL)
		memory_wipe(target->token, strlen(target->token));
	free(target->token);
	target->token = NULL;
}
