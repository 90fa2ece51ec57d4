/*
 * What is ours alone: who may do what, what is going on, what happened, settings.
 *
 * Its words follow the other products: PascalCase, ids as text, MaxResults and NextToken for pages.
 */
#include "action/action.h"
#include "model/text_checks.h"

/* Parameters that several actions share, each said once. */
#define USER(more_flags, text) \
	OWN("User", more_flags, TEXT_OF(1, 64), .check = check_policy_name, HELP(text))
#define OTHER_USER \
	USER(0, "Of this user; of the caller when left out. Others than oneself: administrators only.")
#define PASSWORD(name, more_flags, text) \
	OWN(name, (more_flags) | PARAMETER_SECRET, TEXT_OF(1, 256), HELP(text))
#define LISTENER(text) OWN("ListenerId", 0, TEXT_OF(1, 200), HELP(text))
#define SERIAL(text) OWN("SerialNumber", 0, TEXT_OF(1, 80), HELP(text))

static const struct field_word role_words[] = { { "administrator", 0, NULL },
						{ "operator", 1, NULL },
						{ "viewer", 2, NULL },
						{ "issuer", 3, NULL },
						{ NULL, 0, NULL } };
static const struct field_word key_states[] = { { "Active", 0, NULL },
						{ "Inactive", 1, NULL },
						{ NULL, 0, NULL } };
static const struct field_word language_words[] = { { "en", 0, NULL },
						    { "zh", 1, NULL },
						    { NULL, 0, NULL } };

/* --- logging in --- */

static const struct parameter login_parameters[] = {
	USER(PARAMETER_REQUIRED, "Name of the user."),
	PASSWORD("Password", PARAMETER_REQUIRED, "The user's password."),
};

static const struct parameter change_password_parameters[] = {
	PASSWORD("OldPassword", PARAMETER_REQUIRED, "The password up to now."),
	PASSWORD("NewPassword", PARAMETER_REQUIRED, "At least 12 characters."),
};

/* --- users --- */

#define ROLE(more_flags) \
	OWN("Role", more_flags, WORD_OF(role_words), \
	    HELP("viewer reads; issuer makes and revokes certificates of one CA; operator changes what is " \
		 "served; administrator may do everything."))
#define CA_OF_ISSUER \
	OWN("CaIdentifier", 0, TEXT_OF(1, 64), \
	    HELP("Identifier of the one CA of an issuer; without meaning for other roles."))
#define LANGUAGE \
	OWN("Language", 0, WORD_OF(language_words), HELP("Language of the console for this user."))

static const struct parameter create_user_parameters[] = {
	USER(PARAMETER_REQUIRED, "Name of the user: letters, digits, . _ -"),
	ROLE(PARAMETER_REQUIRED),
	CA_OF_ISSUER,
	PASSWORD("Password", 0, "At least 12 characters. Left out: no log-in with a password."),
	LANGUAGE,
	OWN("MustChangePassword", 0, BOOLEAN, .standard = 1,
	    HELP("Whether the user is asked for a new password at the first log-in.")),
};

static const struct parameter update_user_parameters[] = {
	USER(PARAMETER_REQUIRED, "Name of the user."),
	ROLE(0),
	CA_OF_ISSUER,
	PASSWORD("Password", 0, "A new password, at least 12 characters. Ends the user's sessions."),
	LANGUAGE,
	OWN("Disabled", 0, BOOLEAN,
	    HELP("A disabled user's password, keys, tokens and sessions are not accepted.")),
	OWN("MustChangePassword", 0, BOOLEAN,
	    HELP("Whether the user is asked for a new password at the next log-in.")),
};

static const struct parameter one_user_parameters[] = {
	USER(PARAMETER_REQUIRED, "Name of the user."),
};

static const struct parameter of_user_parameters[] = { OTHER_USER };

static const struct parameter paged_parameters[] = { NEXT_TOKEN_PARAMETERS };

/* --- keys, tokens, sessions --- */

static const struct parameter access_key_parameters[] = {
	OWN("UserAccessKeyId", PARAMETER_REQUIRED, TEXT_OF(1, 64), HELP("Id of the access key.")),
};

static const struct parameter update_access_key_parameters[] = {
	OWN("UserAccessKeyId", PARAMETER_REQUIRED, TEXT_OF(1, 64), HELP("Id of the access key.")),
	OWN("Status", PARAMETER_REQUIRED, WORD_OF(key_states),
	    HELP("Signatures with an inactive key are refused.")),
};

static const struct parameter create_token_parameters[] = {
	OTHER_USER,
	OWN("Note", 0, TEXT_OF(0, 200), HELP("What it is for.")),
	OWN("Days", 0, INTEGER_OF(1, 3650), .unit = "days", .absent = "it never expires",
	    HELP("How long it is accepted.")),
};

static const struct parameter token_parameters[] = {
	OWN("TokenId", PARAMETER_REQUIRED, TEXT_OF(1, 64), HELP("Id of the token.")),
};

static const struct parameter list_sessions_parameters[] = {
	USER(0, "Of this user; of all users for an administrator, else of the caller."),
};

static const struct parameter session_parameters[] = {
	OWN("SessionId", PARAMETER_REQUIRED, TEXT_OF(1, 64), HELP("Id of the session.")),
};

/* --- what is going on --- */

static const struct parameter list_changes_parameters[] = {
	OWN("AfterRevision", 0, INTEGER_OF(0, INT64_MAX),
	    HELP("Changes with a higher revision than this one. Left out: none, only the revision "
		 "reached.")),
	OWN("AfterServed", 0, INTEGER_OF(0, INT64_MAX),
	    HELP("Answers as soon as RevisionServed is higher than this, too: to learn when a change that is "
		 "saved is served.")),
	OWN("WaitSeconds", 0, INTEGER_OF(0, 30), .unit = "s",
	    HELP("How long to wait for the first one when there is none yet.")),
	OWN("MaxResults", 0, INTEGER_OF(1, 1000), .standard = 100, HELP("How many at most.")),
};

static const struct field_word resolutions[] = { { "1", 1, NULL },
						 { "60", 60, NULL },
						 { NULL, 0, NULL } };
static const struct parameter get_metric_history_parameters[] = {
	LISTENER("Of this listener; of all together when left out."),
	OWN("Resolution", 0, WORD_OF(resolutions), .standard = 1,
	    HELP("1: a point a second, for an hour; 60: a point a minute, for 7 days.")),
	OWN("After", 0, INTEGER_OF(0, INT64_MAX),
	    HELP("Points later than this time (seconds since 1970): Next of the answer before. Left out: "
		 "all there are.")),
	OWN("MaxResults", 0, INTEGER_OF(1, 20000), .standard = 3600,
	    HELP("How many points at most: the newest ones.")),
};

static const struct parameter list_refusals_parameters[] = {
	LISTENER("At this listener only."),
	OWN("Reason", 0, TEXT_OF(1, 64), .check = check_policy_name,
	    HELP("With this reason only: \"expired\", \"unknown_ca\", ...")),
	OWN("Keyword", 0, TEXT_OF(1, 128),
	    HELP("Only where it is a part of subject, serial number, server name or address.")),
	NEXT_TOKEN_PARAMETERS,
};

static const struct parameter get_refusal_parameters[] = {
	OWN("RefusalId", PARAMETER_REQUIRED, TEXT_OF(1, 40), HELP("Id of the refusal.")),
};

#define CONNECTION_FILTER \
	LISTENER("At this listener only."), \
	OWN("Identity", 0, TEXT_OF(1, 127), HELP("A part of the client's identity, in any case.")), \
	SERIAL("Serial number of the client's certificate, hexadecimal, colons allowed."), \
	OWN("Source", 0, TEXT_OF(1, 64), .check = check_block, \
	    HELP("Address of the client, or ADDRESS/BITS.")), \
	OWN("ConnectionId", 0, TEXT_OF(1, 40), HELP("This connection only."))

static const struct parameter list_connections_parameters[] = {
	CONNECTION_FILTER,
	OWN("MaxResults", 0, INTEGER_OF(1, 1000), .standard = 100, HELP("How many at most.")),
};

static const struct parameter close_connections_parameters[] = {
	CONNECTION_FILTER,
	OWN("All", 0, BOOLEAN, HELP("Needed when no filter is given: every connection is closed.")),
};

static const struct parameter check_admission_parameters[] = {
	OWN("ListenerId", PARAMETER_REQUIRED, TEXT_OF(1, 200),
	    HELP("The listener that the client comes to.")),
	OWN("Certificate", PARAMETER_MULTILINE, TEXT_OF(1, 262144),
	    HELP("The client's certificate, and its intermediates, in PEM. Nothing of it is stored.")),
	OWN("Identifier", 0, TEXT_OF(1, 64), HELP("A certificate of ours instead, by its identifier.")),
	SERIAL("A certificate of ours instead, by its serial number."),
	OWN("RefusalId", 0, TEXT_OF(1, 40),
	    HELP("The certificate of a refusal instead, if it is one of ours.")),
	OWN("ServerName", 0, TEXT_OF(1, 255), HELP("Name that the client asks for (SNI).")),
	OWN("Time", 0, TEXT_OF(1, 40), .absent = "now",
	    HELP("When: 2026-05-01T12:00:00Z, or seconds since 1970.")),
};

static const struct field_word impact_acts[] = {
	{ "Delete", 0, NULL }, { "Revoke", 1, NULL },		     { "Stop", 2, NULL },
	{ "Update", 3, NULL }, { "DisableMutualAuthentication", 4, NULL }, { NULL, 0, NULL } };
static const struct field_word impact_kinds[] = { { "loadbalancer", 0, NULL },
						  { "listener", 1, NULL },
						  { "servergroup", 2, NULL },
						  { "securitypolicy", 3, NULL },
						  { "certificate", 4, NULL },
						  { NULL, 0, NULL } };
static const struct parameter check_impact_parameters[] = {
	OWN("Act", PARAMETER_REQUIRED, WORD_OF(impact_acts), HELP("What is about to be done.")),
	OWN("Kind", PARAMETER_REQUIRED, WORD_OF(impact_kinds),
	    HELP("To what kind of thing. CAs are certificates.")),
	OWN("ResourceId", PARAMETER_REQUIRED, TEXT_OF(1, 200), HELP("Its id.")),
};

static const struct parameter test_server_parameters[] = {
	OWN("Address", PARAMETER_REQUIRED, TEXT_OF(1, 64), .check = check_ip,
	    HELP("Address of the server.")),
	OWN("Port", PARAMETER_REQUIRED, INTEGER_OF(1, 65535), HELP("Port of the server.")),
	OWN("TimeoutSeconds", 0, INTEGER_OF(1, 10), .standard = 3, .unit = "s",
	    HELP("How long to wait for it.")),
};

/* --- what happened --- */

static const struct parameter list_audit_events_parameters[] = {
	OWN("User", 0, TEXT_OF(1, 64), HELP("By this user only.")),
	OWN("EventAction", 0, TEXT_OF(1, 64), HELP("This action only: \"CreateListener\".")),
	OWN("Kind", 0, TEXT_OF(1, 64), HELP("About this kind of thing only: \"listener\".")),
	OWN("ResourceId", 0, TEXT_OF(1, 200), HELP("About this one only.")),
	OWN("StartTime", 0, TEXT_OF(1, 40), HELP("Not before: 2026-05-01T12:00:00Z, or seconds.")),
	OWN("EndTime", 0, TEXT_OF(1, 40), HELP("Not after.")),
	NEXT_TOKEN_PARAMETERS,
};

static const struct parameter search_parameters[] = {
	OWN("Keyword", PARAMETER_REQUIRED, TEXT_OF(1, 128),
	    HELP("Part of a name, id, common name or SAN; a serial number or fingerprint, with or without "
		 "colons; an address of a server; id of a refusal.")),
	OWN("MaxResults", 0, INTEGER_OF(1, 50), .standard = 8, HELP("How many of each kind.")),
};

static const struct parameter list_expiring_parameters[] = {
	OWN("Days", 0, INTEGER_OF(0, 3660), .standard = 90, .unit = "days",
	    HELP("Those that end within this time; those that have ended are among them.")),
	OWN("IncludeExpired", 0, BOOLEAN, .standard = 1,
	    HELP("Also those that have ended already.")),
	NEXT_TOKEN_PARAMETERS,
};

/* --- settings --- */

static const struct parameter update_settings_parameters[] = {
	LIKE(settings_resource, "DefaultSecurityPolicyId", 0),
	LIKE(settings_resource, "MetricsAddress", 0),
	LIKE(settings_resource, "Log", 0),
	LIKE(settings_resource, "LogFormat", 0),
	LIKE(settings_resource, "ShutdownTimeout", 0),
	/* Not "RegionId": SDKs send that with every call. */
	OWN("Region", 0, TEXT_OF(1, 64), .check = check_policy_name, .standard_text = "cn-hangzhou",
	    HELP("Name of this place; a part of DNS names and of certificate ids.")),
	OWN("Domain", 0, TEXT_OF(1, 200), .check = check_domain, .standard_text = "sallyport.internal",
	    HELP("DNS names of load balancers end in .nlb. and this.")),
	OWN("ZoneAddresses", 0, TEXT_OF(1, 4000),
	    .absent = "a zone for each network interface; other names stand for all addresses",
	    HELP("Addresses of this machine by zone, for the ZoneMappings of load balancers: "
		 "a=192.0.2.1,2001:db8::1; b=192.0.2.2")),
	OWN("PkiBaseUrl", 0, TEXT_OF(1, 200), .absent = "no addresses are put into certificates",
	    HELP("Where CRLs and the OCSP responder are reached by others, http://HOST:PORT; put into new "
		 "certificates.")),
	OWN("AllowKeyRead", 0, BOOLEAN, .standard = 0,
	    HELP("Whether GetUserCertificateDetail answers the private key as the real service does.")),
	OWN("SessionHours", 0, INTEGER_OF(1, 168), .standard = 12, .unit = "h",
	    HELP("How long a log-in to the console holds.")),
	OWN("SessionIdleMinutes", 0, INTEGER_OF(1, 1440), .standard = 30, .unit = "min",
	    HELP("How long it holds without a request.")),
	OWN("QuotaLoadBalancers", 0, INTEGER_OF(1, 1000), .standard = 60,
	    HELP("How many load balancers there may be.")),
	OWN("QuotaListeners", 0, INTEGER_OF(1, 1000), .standard = 50,
	    HELP("How many listeners a load balancer may have.")),
	OWN("QuotaServerGroups", 0, INTEGER_OF(1, 3000), .standard = 3000,
	    HELP("How many server groups there may be.")),
	OWN("QuotaServers", 0, INTEGER_OF(1, 4096), .standard = 400,
	    HELP("How many servers a group may have.")),
	OWN("QuotaAdditionalCertificates", 0, INTEGER_OF(1, 1000), .standard = 25,
	    HELP("How many additional certificates the listeners of a load balancer may have.")),
	OWN("Reset", 0, TEXTS_OF(1, 50),
	    HELP("Names of settings that are to have their defaults again.")),
};

static const struct parameter backup_parameters[] = {
	PASSWORD("Passphrase", PARAMETER_REQUIRED,
		 "At least 12 characters; without it nobody can restore, nor can we."),
};

/* --- certificates as files: src/certs --- */

static const struct field_word export_formats[] = {
	{ "CRT", 0, NULL }, { "PEM", 1, NULL },	  { "PFX", 2, NULL },	       { "JKS", 3, NULL },
	{ "PKCS8", 4, NULL }, { "MOBILECONFIG", 5, NULL }, { NULL, 0, NULL },
};
static const struct field_word pfx_profiles[] = { { "modern", 0, NULL },
						  { "compatible", 1, NULL },
						  { NULL, 0, NULL } };

static const struct parameter parse_certificate_parameters[] = {
	OWN("Content", PARAMETER_REQUIRED | PARAMETER_MULTILINE | PARAMETER_SECRET, TEXT_OF(1, 262144),
	    HELP("Certificates, keys, requests, revocation lists, PKCS#7 or PKCS#12, in any order: PEM, or "
		 "base64 of DER.")),
	OWN("Key", PARAMETER_MULTILINE | PARAMETER_SECRET, TEXT_OF(1, 262144),
	    HELP("More of the same; a key usually.")),
	OWN("Password", PARAMETER_SECRET, TEXT_OF(0, 1024),
	    HELP("Of an encrypted key or a PKCS#12 file.")),
};

static const struct parameter export_parameters[] = {
	OWN("Identifier", PARAMETER_REQUIRED, TEXT_OF(1, 64),
	    HELP("Of the certificate: Identifier, CertIdentifier or CertId.")),
	OWN("Format", PARAMETER_REQUIRED, WORD_OF(export_formats),
	    HELP("CRT: certificate, chain and key (PKCS#1, SEC1) apart; PEM: certificate with chain, key; "
		 "PFX: PKCS#12; JKS: Java KeyStore; PKCS8: as PEM; MOBILECONFIG: for Apple's devices.")),
	OWN("Password", PARAMETER_SECRET, TEXT_OF(0, 64),
	    HELP("Of the files: 6 to 32 printable ASCII characters, 12 at least for JKS. Required for PFX, "
		 "JKS and MOBILECONFIG; without it the key of the other formats is not encrypted.")),
	OWN("IncludeChain", 0, BOOLEAN, .standard = 1, HELP("With the CA certificates above it.")),
	OWN("PfxProfile", 0, WORD_OF(pfx_profiles),
	    HELP("modern: AES-256 and SHA-256; compatible: 3DES and SHA-1, for Apple's and Android's devices "
		 "of some years ago, Windows 7 and old Java.")),
	OWN("WithoutKey", 0, BOOLEAN, .standard = 0, HELP("true: the certificates only.")),
	OWN("Zip", 0, BOOLEAN, .standard = 0, HELP("true: several files come as one.")),
};

/* --- the table --- */

#define WRITES (ACTION_WRITES | ACTION_OURS)
#define USER_REPLY \
	"User, Role, CaIdentifier, Language, Disabled?, HasPassword?, MustChangePassword?, CreatedTime, " \
	"LastLoginTime, Revision#"
#define SESSION_REPLY \
	"User, Role, CaIdentifier, Language, MustChangePassword?, CsrfToken, SessionId, ExpiresTime, " \
	"Version, RegionId"
#define REFUSAL_REPLY \
	"RefusalId, Time, ListenerId, ListenerName, Reason, ReasonText, Alert, AlertNumber#, Depth#, " \
	"SerialNumber, Subject, ServerName, Source, Detail, Count#"
#define STEPS "Steps[]{Step, Outcome, Detail}"

static const struct action sallyport_actions[] = {
	{ "Login", RIGHT_PUBLIC, WRITES, PARAMETERS(login_parameters), SESSION_REPLY,
	  "Begins a session of the console: sets its cookie, answers the CSRF token that goes with each "
	  "further request." },
	{ "Logout", RIGHT_ANY, WRITES, .reply = "", .help = "Ends the session of the caller." },
	{ "GetSession", RIGHT_ANY, ACTION_OURS, .reply = SESSION_REPLY,
	  .help = "Who the caller is, and what he may do." },
	{ "ChangePassword", RIGHT_ANY, WRITES, PARAMETERS(change_password_parameters), "",
	  "Changes the caller's own password and ends his other sessions." },
	{ "CreateUser", RIGHT_ADMINISTER, WRITES, PARAMETERS(create_user_parameters), USER_REPLY,
	  "Makes a user." },
	{ "UpdateUser", RIGHT_ADMINISTER, WRITES, PARAMETERS(update_user_parameters), USER_REPLY,
	  "Changes a user. The last administrator stays one." },
	{ "DeleteUser", RIGHT_ADMINISTER, WRITES, PARAMETERS(one_user_parameters), "",
	  "Removes a user with his access keys, tokens and sessions. The last administrator stays." },
	{ "GetUser", RIGHT_ADMINISTER, ACTION_OURS, PARAMETERS(one_user_parameters), USER_REPLY,
	  "One user." },
	{ "ListUsers", RIGHT_ADMINISTER, ACTION_OURS, PARAMETERS(paged_parameters),
	  "Users[]{" USER_REPLY "}, NextToken, TotalCount#, MaxResults#", "All users." },
	{ "CreateAccessKey", RIGHT_ANY, WRITES, PARAMETERS(of_user_parameters),
	  "AccessKeyId, AccessKeySecret, User", "Makes an access key. Its secret is shown this once." },
	{ "ListAccessKeys", RIGHT_ANY, ACTION_OURS, PARAMETERS(of_user_parameters),
	  "AccessKeys[]{AccessKeyId, User, Status, CreatedTime, LastUsedTime}",
	  "The access keys of a user, without their secrets." },
	{ "UpdateAccessKey", RIGHT_ANY, WRITES, PARAMETERS(update_access_key_parameters), "",
	  "Makes an access key active or inactive." },
	{ "DeleteAccessKey", RIGHT_ANY, WRITES, PARAMETERS(access_key_parameters), "",
	  "Removes an access key." },
	{ "CreateToken", RIGHT_ANY, WRITES, PARAMETERS(create_token_parameters),
	  "TokenId, Token, User, ExpiresTime", "Makes a bearer token. It is shown this once." },
	{ "ListTokens", RIGHT_ANY, ACTION_OURS, PARAMETERS(of_user_parameters),
	  "Tokens[]{TokenId, User, Note, CreatedTime, LastUsedTime, ExpiresTime}",
	  "The tokens of a user, without what is in them." },
	{ "DeleteToken", RIGHT_ANY, WRITES, PARAMETERS(token_parameters), "", "Removes a token." },
	{ "ListSessions", RIGHT_ANY, ACTION_OURS, PARAMETERS(list_sessions_parameters),
	  "Sessions[]{SessionId, User, CreatedTime, LastUsedTime, ExpiresTime, Current?, From}",
	  "Sessions of the console." },
	{ "EndSession", RIGHT_ANY, WRITES, PARAMETERS(session_parameters), "",
	  "Ends a session of the console." },
	{ "GetStatus", RIGHT_READ, ACTION_OURS,
	  .reply = "Version, StartedTime, Revision#, RevisionServed#, ServedTime, DocumentVersion#, Applying?, "
		   "LastError, Roles[]{Role, ProcessId#, DocumentVersion#, LongestTurnMicroseconds#, "
		   "LogLinesDropped#}, Listeners[]{ListenerId, ListenerName, Protocol, Addresses[], Status, "
		   "MutualAuthentication, ServerGroupId, Connections#, Accepted#, Handshakes#, "
		   "Resumed#, Refused#, BytesIn#, BytesOut#, HealthyServers#, Servers#, Error}, "
		   "ServerGroups[]{ServerGroupId, Scheduler, HealthCheckEnabled?, Servers[]{ServerName, "
		   "Address, Weight#, Status, Reason, Connections#}}, Certificates[]{CertificateId, "
		   "ExpiredTime, Valid?}, Warnings[]{Message, Hint}, Disk{FreeBytes#, TotalBytes#, "
		   "StoreBytes#}, Expiring[]{Identifier, Name, Kind, ExpiredTime, Days#}",
	  .help = "What runs, what is served by whom, and what needs a person." },
	{ "ListChanges", RIGHT_READ, ACTION_OURS, PARAMETERS(list_changes_parameters),
	  "Revision#, RevisionServed#, Truncated?, Changes[]{Revision#, Time, Kind, ResourceId, Act, User}",
	  "What changed since a revision; waits for the next change when asked to. Truncated: the "
	  "beginning is no longer known, read everything again." },
	{ "GetMetricHistory", RIGHT_READ, ACTION_OURS, PARAMETERS(get_metric_history_parameters),
	  "ListenerId, Resolution#, Next#, OldestTime#, Times[], Connections[], Active[], "
	  "HandshakesFull[], HandshakesResumed[], HandshakesRefused[], HandshakesAborted[], BytesIn[], "
	  "BytesOut[], HealthyServers[], Servers[], Dropped[], RefusedBy[]{Reason, Counts[]}",
	  "Figures of the past: one row a point, each list as long as Times. A time that is not there is "
	  "a gap, not zero." },
	{ "ListRefusals", RIGHT_READ, ACTION_OURS, PARAMETERS(list_refusals_parameters),
	  "Refusals[]{" REFUSAL_REPLY "}, NextToken, TotalCount#, MaxResults#, Lost#",
	  "The last 10,000 clients that were not let in, newest first." },
	{ "GetRefusal", RIGHT_READ, ACTION_OURS, PARAMETERS(get_refusal_parameters),
	  REFUSAL_REPLY ", Remedy, " STEPS ", Identifier",
	  "One refused client: each step of the decision, and what to do." },
	{ "ListConnections", RIGHT_READ, ACTION_OURS, PARAMETERS(list_connections_parameters),
	  "Connections[]{ConnectionId, ListenerId, ListenerName, Client, Server, Identity, SerialNumber, "
	  "Since, BytesIn#, BytesOut#, Resumed?}, TotalCount#, Complete?",
	  "Open connections, as the workers tell at this moment." },
	{ "CloseConnections", RIGHT_OPERATE, WRITES, PARAMETERS(close_connections_parameters),
	  "Closed#, Complete?",
	  "Closes open connections. The clients may come back: revoke what is to stay out." },
	{ "CheckAdmission", RIGHT_READ, ACTION_OURS, PARAMETERS(check_admission_parameters),
	  "Admitted?, ListenerId, ListenerName, Stopped?, Clients, Time, ServerCertificate, Reason, "
	  "ReasonText, Alert, AlertNumber#, Depth#, Identity, Subject, Issuer, SerialNumber, Remedy, "
	  STEPS,
	  "Would this client be let in, and why (not)? Asks the very function that a handshake asks. "
	  "Without a certificate: a client that shows none." },
	{ "CheckImpact", RIGHT_READ, ACTION_OURS, PARAMETERS(check_impact_parameters),
	  "Act, Kind, ResourceId, Name, Allowed?, Why, ActiveConnections#, Listeners[]{ListenerId, "
	  "ListenerName, Port#, ActiveConnections#}, CertificateCount#, Certificates[]{Identifier, "
	  "CommonName, SerialNumber, ExpiredTime}, Users[]{Kind, ResourceId, Role}, Connections#, "
	  "Complete?",
	  "Who would be hurt by an act, before it is done: counts and names." },
	{ "ParseCertificate", RIGHT_READ, ACTION_OURS, PARAMETERS(parse_certificate_parameters),
	  "Certificates[]{Number#, CommonName, SubjectDN, IssuerDN, Sans, SerialNumber, Version#, "
	  "Algorithm, KeySize#, SignAlgorithm, Fingerprint, Sha2, KeySha2, BeforeDate#, AfterDate#, "
	  "RemainDay#, Expired?, IsCa?, SelfSigned?, KeyUsage[], ExtendedKeyUsage[], StoredAs, "
	  "Warnings[]}, Keys[]{Algorithm, KeySize#, KeySha2, Certificate#}, Requests[]{CommonName, "
	  "SubjectDN, Sans, Algorithm, KeySize#, KeySha2, Warnings[]}, Crls[]{Issuer, Number, "
	  "ThisUpdate, NextUpdate, Entries#, Scope}, Chain[], Leaf#, PasswordNeeded?, Encrypted#, "
	  "Usable?, Why, Warnings[], Notes[]",
	  "What is in a certificate, key, request, list or PKCS#12 file. Stores nothing and echoes no key. "
	  "Usable: could be uploaded as a server certificate as it is; Why says why not." },
	{ "ExportPrivateCertificate", RIGHT_EXPORT, WRITES, PARAMETERS(export_parameters),
	  "Identifier, Files[]{Name, Content, Size#}, ContentType",
	  "A certificate with its key as files for a device; Content is base64. Each export is in the audit "
	  "log; keys that are not exportable never leave, those of CAs for administrators only." },
	{ "TestServer", RIGHT_OPERATE, ACTION_OURS, PARAMETERS(test_server_parameters),
	  "Reachable?, Reason, Milliseconds#", "Tries one TCP connection to a server, from here." },
	{ "ListAuditEvents", RIGHT_READ, ACTION_OURS, PARAMETERS(list_audit_events_parameters),
	  "Events[]{Number#, Time, User, From, Product, EventAction, Kind, ResourceId, Outcome, "
	  "EventRequestId, Before, After, Hash}, NextToken, TotalCount#, MaxResults#",
	  "Who did what, newest first." },
	{ "VerifyAuditLog", RIGHT_ADMINISTER, ACTION_OURS, .reply = "Sound?, Rows#, Error",
	  .help = "Walks the audit log's whole chain of hashes." },
	{ "Search", RIGHT_READ, ACTION_OURS, PARAMETERS(search_parameters),
	  "Groups[]{Kind, Results[]{ResourceId, Name, Detail, ParentId}, More?}",
	  "Finds things of all kinds." },
	{ "GetSettings", RIGHT_READ, ACTION_OURS,
	  .reply = "Settings[]{Name, Value, Default, Type, Range, Unit, Help, IsDefault?}, Revision#",
	  .help = "All settings with what they mean." },
	{ "UpdateSettings", RIGHT_ADMINISTER, WRITES, PARAMETERS(update_settings_parameters), "JobId",
	  "Changes settings." },
	{ "GetAbout", RIGHT_ANY, ACTION_OURS,
	  .reply = "Product, Version, StoreId, Workers#, StartedTime, Licences[]{Name, Licence, Use}",
	  .help = "What this is." },
	{ "RenewConsoleCertificate", RIGHT_ADMINISTER, WRITES,
	  .reply = "Identifier, Console, JobId",
	  .help = "Makes a new certificate, with a new key, for the console's HTTPS. What shows the console "
		  "goes on with the next connection. Console: its HOST:PORT." },
	{ "Backup", RIGHT_ADMINISTER, WRITES, PARAMETERS(backup_parameters), "File, SizeBytes#",
	  "Writes an encrypted backup of everything into the folder backups of the data folder." },
	{ "ListExpiring", RIGHT_READ, ACTION_OURS, PARAMETERS(list_expiring_parameters),
	  "Certificates[]{Identifier, Name, CommonName, SerialNumber, Kind, ExpiredTime, Days#, "
	  "Listeners[]}, NextToken, TotalCount#, MaxResults#",
	  "Certificates and CAs by the time they end, the next one first." },
};

const struct product product_sallyport = {
	"sallyport", "2026-01-01",
	"What is ours alone: users, what is going on, what happened, settings.",
	sallyport_actions, ACTION_COUNT(sallyport_actions)
};
