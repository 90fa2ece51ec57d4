#include "control/secrets.h"

#include <string.h>
#include <sys/random.h>

#include "base/bytes.h"
#include "base/monotime.h"
#include "control/control_internal.h"

void secrets_rotate(struct ticket_secrets *keys, const struct ticket_secret *newest)
{
	memmove(&keys->key[1], &keys->key[0], sizeof(keys->key[0]) * (TICKET_SECRETS - 1));
	keys->key[0] = *newest;
	if (keys->count < TICKET_SECRETS)
		keys->count++;
}

static int make_key(int64_t now, struct ticket_secret *ret_key)
{
	uint8_t random[sizeof(ret_key->id) + sizeof(ret_key->key)];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -1;
	memcpy(ret_key->id, random, sizeof(ret_key->id));
	memcpy(ret_key->key, random + sizeof(ret_key->id), sizeof(ret_key->key));
	ret_key->made_s = now;
	memory_wipe(random, sizeof(random));
	return 0;
}

static void add_key(struct control *control, int64_t now)
{
	struct secrets *secrets = &control->secrets;
	struct ticket_secret key;
	struct error err;
	int fd;

	if (make_key(now, &key) < 0) {
		log_event(&control->log, "ticket_key_failed", "error",
			  "the system gave no random bytes");
		return;
	}
	secrets_rotate(&secrets->keys, &key);
	memory_wipe(&key, sizeof(key));
	fd = message_memfd("ticket secrets",
			   (struct bytes){ (const uint8_t *)&secrets->keys, sizeof(secrets->keys) },
			   &err);
	if (fd < 0) {
		log_event(&control->log, "ticket_key_failed", "error", err.message);
		return;
	}
	control_close_fd(&secrets->fd);
	secrets->fd = fd;
}

static void take_kept(struct secrets *secrets, int fd)
{
	struct bytes mapped;
	struct error ignored;

	if (message_map(fd, &mapped, &ignored) < 0) {
		control_close_fd(&fd);
		return;
	}
	if (mapped.len == sizeof(secrets->keys)) {
		memcpy(&secrets->keys, mapped.data, sizeof(secrets->keys));
		secrets->fd = fd;
		fd = -1;
	}
	message_unmap(mapped);
	control_close_fd(&fd);
	if (secrets->keys.count > TICKET_SECRETS)
		secrets->keys.count = 0;
}

void secrets_init(struct control *control, int kept_fd)
{
	control->secrets.fd = -1;
	if (kept_fd >= 0)
		take_kept(&control->secrets, kept_fd);
	if (control->secrets.fd < 0 || control->secrets.keys.count == 0)
		add_key(control, walltime_s());
}

void secrets_tick(struct control *control, int64_t now)
{
	struct secrets *secrets = &control->secrets;
	struct message message = { .type = MESSAGE_KEEP, .version = control->package.version };
	int fds[3] = { control->package.document, control->package.revocation, 0 };
	int64_t age =
		secrets->keys.count == 0 ? SECRETS_ROTATION_S : now - secrets->keys.key[0].made_s;

	/* A clock that was set back must not keep a key for ever. */
	if ((age >= 0 && age < SECRETS_ROTATION_S) || control->served == NULL ||
	    apply_is_busy(control))
		return;
	add_key(control, now);
	if (secrets->fd < 0)
		return;
	peers_send_secrets(control, secrets->fd);
	fds[2] = secrets->fd;
	message.value.made = plan_revocation_made(control->served);
	apply_keep_alone(control, &message, fds);
}

void secrets_done(struct control *control)
{
	control_close_fd(&control->secrets.fd);
	memory_wipe(&control->secrets.keys, sizeof(control->secrets.keys));
}
