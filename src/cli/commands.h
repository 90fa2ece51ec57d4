/*
 * cli/commands.h - the commands of `sallyport`, one file each.
 *
 * Each gets its own arguments (argv[0] is its name) and returns the exit status: 0 done, 1 it could not
 * be done (said on stderr), 2 it was called wrongly; admit: 3 the client would be refused.
 */
#ifndef SALLYPORT_CLI_COMMANDS_H
#define SALLYPORT_CLI_COMMANDS_H

#define EXIT_DONE 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_REFUSED 3

/* clang-format off */
/* name, arguments, what it does */
#define COMMANDS(X) \
	X(check, "FILE [--strict] [--json]", "read a manifest and say what is wrong with it") \
	X(reload, "[--manifest FILE | --socket PATH] [--json]", \
	  "have a running sallyportd read its manifest again, and wait for it") \
	X(status, "[--manifest FILE | --socket PATH | --data-dir DIR] [--json]", \
	  "show what a running sallyportd does") \
	X(admit, "[--manifest FILE] --listener NAME [--cert FILE | --id ID|SERIAL|NAME] [--sni NAME] " \
		 "[--at TIME] [--json]", \
	  "say whether a client would be let in, and why") \
	X(apply, "-f FILE [--dry-run] [--prune] [--name NAME] [--yes] [--json]", \
	  "bring a running system to what a manifest says") \
	X(get, "KIND [ID|NAME] [--manifest] [--json]", \
	  "show what there is, or a manifest of it that apply takes") \
	X(ca, "create NAME [--parent CA] [--algorithm KIND] [--years N] | list | import FILE [--key FILE]", \
	  "make, list or take over CAs") \
	X(client, "issue|export NAME [--format pfx|crt|pem|jks|pkcs8] [--out FILE|DIR] [--password-file FILE] " \
		  "[--days N] [--san KIND:NAME]... [--ca CA] [--force]", \
	  "issue a client certificate and put it with its key into files") \
	X(server, "issue|export NAME [--domain NAME]... [--days N] [--ca CA] [--format FORMAT] [--out FILE|DIR]", \
	  "issue a server certificate that listeners can use") \
	X(revoke, "ID|SERIAL|NAME [--reason WORD] [--yes]", \
	  "withdraw a certificate: its clients are refused and cut off at once") \
	X(logs, "[-f] [--refusals] [--changes] [--json]", \
	  "show who was refused and who changed what; -f: as it comes") \
	X(backup, "[FILE] [--passphrase-file FILE] [--force]", \
	  "write everything into one encrypted file, while the system runs") \
	X(restore, "FILE --data-dir DIR [--master-key FILE] [--passphrase-file FILE] [--crl FILE]... " \
		   "[--accept-loss] [--yes]", \
	  "put a backup into a data folder that no daemon uses") \
	X(audit, "verify [--offline --data-dir DIR [--master-key FILE]]", \
	  "check that nobody changed the audit log") \
	X(console, "reset [--user NAME] [--yes]", \
	  "give the administrator a new password, and the console a new certificate") \
	X(nlb, "ACTION [--FLAGS]", "load balancers, listeners, server groups, TLS security policies") \
	X(pca, "ACTION [--FLAGS]", "the private CA and its certificates") \
	X(cas, "ACTION [--FLAGS]", "uploaded certificates and CA certificates") \
	X(own, "ACTION [--FLAGS]", "users, keys, audit log, connections, refusals, settings") \
	X(completion, "bash", "print what a shell needs to complete commands") \
	X(version, "", "print the version") \
	X(help, "[COMMAND]", "print this text")
/* clang-format on */

#define X(name, arguments, help) int command_##name(int argc, char **argv);
COMMANDS(X)
#undef X

/* What "help NAME" prints; always EXIT_DONE. */
int command_explain(const char *name);
/* The line of one command on stderr, after a complaint; always EXIT_USAGE. */
int command_usage(const char *name);

#endif
