#!/bin/bash
# make run: Sallyport in front of two nginx servers, with certificates of a CA made on the spot; shown
# with curl. Stays up until Ctrl-C; --once ends after the proof. All its files are in build/demo.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
demo=$root/build/demo
bin=$root/build
once=
[ "${1:-}" != --once ] || once=yes

say() { printf '%s\n' "$*"; }
title() { printf '\n== %s\n' "$*"; }

# --- whatever happens, nothing is left behind

started=()
# Called by the trap.
# shellcheck disable=SC2317
clean_up() {
	local status=$? pid
	trap '' INT TERM EXIT
	for pid in "${started[@]:-}"; do
		[ -z "$pid" ] || kill "$pid" 2>/dev/null || true
	done
	for pid in "${started[@]:-}"; do
		[ -z "$pid" ] || wait "$pid" 2>/dev/null || true
	done
	rm -rf "$demo"
	[ -n "$once" ] || say "Stopped; ${demo#"$root"/} is gone."
	exit "$status"
}
trap clean_up EXIT
trap 'exit 0' INT TERM

give_up() {
	say "$*" >&2
	if [ -s "$demo/sallyportd.log" ]; then
		tail -n 20 "$demo/sallyportd.log" >&2
	fi
	exit 1
}

# --- ports: the usual ones, or others when somebody has them

is_taken() {
	ss -Hltn "sport = :$1" | grep -q .
}

chosen=" "
port_or_other() {
	local wanted=$1 port=$1
	while is_taken "$port" || [[ $chosen == *" $port "* ]]; do
		port=$((port + 1))
		[ "$port" -lt $((wanted + 1000)) ] || give_up "no free port from $wanted on"
	done
	[ "$port" = "$wanted" ] || say "port $wanted is taken, using $port"
	chosen="$chosen$port "
	ret_port=$port
}

# --- certificates

# Marks the certificates of a CA in a small database, so that they can be revoked.
openssl_config() {
	cat > "$demo/ca/openssl.cnf" <<CONFIG
[ca]
default_ca = sub
[sub]
database = $demo/ca/index.txt
serial = $demo/ca/serial
crlnumber = $demo/ca/crlnumber
new_certs_dir = $demo/ca/issued
certificate = $demo/ca/sub.crt
private_key = $demo/ca/sub.key
default_md = sha256
default_crl_days = 7
default_days = 30
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[subordinate]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:www.example.com, DNS:localhost, IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectAltName = email:client@example.com
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
CONFIG
}

new_request() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -config \
		"$demo/ca/openssl.cnf" -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" 2>/dev/null
}

issue() { # NAME CN SECTION, by the subordinate CA
	new_request "$demo/$1" "$2"
	openssl ca -batch -notext -config "$demo/ca/openssl.cnf" -extensions "$3" -in "$demo/$1.csr" \
		-out "$demo/$1.crt" 2>/dev/null
	rm "$demo/$1.csr"
}

make_certificates() {
	mkdir -p "$demo/ca/issued"
	: > "$demo/ca/index.txt"
	echo 1000 > "$demo/ca/crlnumber"
	openssl rand -hex 16 > "$demo/ca/serial"
	openssl_config
	new_request "$demo/ca/root" "Demo Root CA"
	openssl x509 -req -in "$demo/ca/root.csr" -signkey "$demo/ca/root.key" -days 3650 -extfile \
		"$demo/ca/openssl.cnf" -extensions root -out "$demo/ca/root.crt" 2>/dev/null
	new_request "$demo/ca/sub" "Demo Subordinate CA"
	openssl x509 -req -in "$demo/ca/sub.csr" -CA "$demo/ca/root.crt" -CAkey "$demo/ca/root.key" \
		-CAcreateserial -days 1825 -extfile "$demo/ca/openssl.cnf" -extensions subordinate \
		-out "$demo/ca/sub.crt" 2>/dev/null
	issue server www.example.com server
	issue client "demo client" client
	openssl ca -gencrl -config "$demo/ca/openssl.cnf" -out "$demo/sub.crl" 2>/dev/null
	cat "$demo/ca/root.crt" "$demo/ca/sub.crt" > "$demo/ca.crt"
}

# --- the two servers

start_nginx() { # NAME PORT
	mkdir -p "$demo/$1"
	cat > "$demo/$1/nginx.conf" <<CONFIG
daemon off; worker_processes 1; pid pid; error_log stderr;
events { worker_connections 256; }
http {
	access_log off; default_type text/plain;
	client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi; scgi_temp_path scgi;
	server { listen 127.0.0.1:$2; location / { return 200 "Hello, this is $1.\n"; } }
}
CONFIG
	PATH=$PATH:/usr/sbin nginx -p "$demo/$1" -e stderr -c "$demo/$1/nginx.conf" \
		>"$demo/$1/log" 2>&1 </dev/null &
	started+=($!)
}

wait_until_answers() { # PORT NAME
	local i
	for i in $(seq 200); do
		if ! is_taken "$1"; then
			sleep 0.05
			continue
		fi
		return 0
	done
	give_up "$2 does not listen on port $1 after $i attempts"
}

# --- Sallyport

write_manifest() {
	cat > "$demo/sallyport.yaml" <<MANIFEST
Settings: {MetricsAddress: "127.0.0.1:$metrics_port", ShutdownTimeout: 2}
LoadBalancers:
  - LoadBalancerName: edge
    ZoneMappings: [{ZoneId: local-a, PrivateIPv4Address: 127.0.0.1}]
Certificates:
  - {Name: www, CertFile: server.crt, KeyFile: server.key, ChainFile: ca/sub.crt}
CaCertificates:
  - {Name: clients, CertFile: ca.crt, CrlFiles: [sub.crl]}
ServerGroups:
  - ServerGroupName: web
    Protocol: TCP
    Scheduler: Rr
    HealthCheckConfig: {HealthCheckType: HTTP, HealthCheckInterval: 2, HealthCheckConnectTimeout: 1}
    Servers:
      - {ServerIp: 127.0.0.1, Port: $first_port, Description: ECS01}
      - {ServerIp: 127.0.0.1, Port: $second_port, Description: ECS02}
Listeners:
  - LoadBalancer: edge
    ListenerProtocol: TCPSSL
    ListenerPort: $port
    CertificateIds: [www]
    CaEnabled: true
    CaCertificateIds: [clients]
    SecurityPolicyId: tls_cipher_policy_1_2_strict_with_1_3
    ServerGroupId: web
MANIFEST
}

start_sallyport() {
	"$bin/sallyportd" --manifest "$demo/sallyport.yaml" \
		>"$demo/sallyportd.log" 2>&1 </dev/null &
	started+=($!)
	wait_until_answers "$port" sallyportd
}

# A server that has not been checked yet waits while another is known to be healthy.
wait_until_healthy() {
	local i
	for i in $(seq 200); do
		if [ "$("$bin/sallyport" status --manifest "$demo/sallyport.yaml" --json 2>/dev/null |
			grep -c '"state": "Healthy"')" -eq 2 ]; then
			return 0
		fi
		sleep 0.05
	done
	give_up "the servers are not healthy after $i looks"
}

# --- the proof

ask() {
	curl -sS --max-time 10 --cacert "$demo/ca/root.crt" \
		--resolve "www.example.com:$port:127.0.0.1" "$@" "https://www.example.com:$port/"
}

prove_known_client() {
	local last="" answer i
	title "With the client certificate: the servers answer in turn"
	say "\$ curl --cert client.crt --key client.key https://www.example.com:$port/"
	for i in 1 2 3 4; do
		answer=$(ask --cert "$demo/client.crt" --key "$demo/client.key") ||
			give_up "request $i was not answered"
		say "  $answer"
		[ "$answer" != "$last" ] || give_up "the other server should have answered"
		last=$answer
	done
}

prove_unknown_client() {
	local said
	title "Without one: the handshake is refused, no server hears of it"
	say "\$ curl https://www.example.com:$port/"
	if said=$(ask 2>&1); then
		give_up "the request was answered: $said"
	fi
	say "  $said"
	[[ $said == *"certificate required"* ]] || give_up "the reason should be: certificate required"
}

what_next() {
	local folder=${demo#"$root"/}
	cat <<NEXT

== It is all up; Ctrl-C stops it and removes $folder
Door       https://www.example.com:$port/  (127.0.0.1)
Metrics    http://127.0.0.1:$metrics_port/metrics
Servers    http://127.0.0.1:$first_port/ (ECS01), http://127.0.0.1:$second_port/ (ECS02)
Log        $folder/sallyportd.log

Try, in another terminal:
  D=$folder
  curl --cacert \$D/ca/root.crt --resolve www.example.com:$port:127.0.0.1 \\
       --cert \$D/client.crt --key \$D/client.key https://www.example.com:$port/
  build/sallyport status --manifest \$D/sallyport.yaml
  build/sallyport admit --manifest \$D/sallyport.yaml --listener $port --cert \$D/client.crt
  curl -s http://127.0.0.1:$metrics_port/metrics | grep refusals

Revoke the client; from the reload on it is refused, resumed sessions included:
  openssl ca -config \$D/ca/openssl.cnf -revoke \$D/client.crt
  openssl ca -config \$D/ca/openssl.cnf -gencrl -out \$D/sub.crl
  build/sallyport reload --manifest \$D/sallyport.yaml
NEXT
}

# One after the other may live in build/demo; a second `make run` gets a folder beside it.
if [ -e "$demo/pid" ] && kill -0 "$(cat "$demo/pid")" 2>/dev/null; then
	say "another make run is up in build/demo; this one uses build/demo-$$"
	demo=$root/build/demo-$$
fi
rm -rf "$demo"
mkdir -p "$demo"
echo $$ > "$demo/pid"

title "Ports"
port_or_other 8443
port=$ret_port
port_or_other 8081
first_port=$ret_port
port_or_other 8082
second_port=$ret_port
port_or_other 9145
metrics_port=$ret_port
say "door $port, servers $first_port and $second_port, metrics $metrics_port"

title "Certificates: a root CA, a subordinate CA, a server and a client"
make_certificates
say "in ${demo#"$root"/}"

title "Two nginx servers, and Sallyport in front of them"
start_nginx ECS01 "$first_port"
start_nginx ECS02 "$second_port"
wait_until_answers "$first_port" "nginx ECS01"
wait_until_answers "$second_port" "nginx ECS02"
write_manifest
start_sallyport
wait_until_healthy
say "up, and both servers are healthy"

prove_known_client
prove_unknown_client
if [ -n "$once" ]; then
	say
	say "Proved: known clients get through, unknown ones do not."
	exit 0
fi
what_next
# A signal ends the wait; a process that ends by itself does too, and that is a failure.
wait -n || true
give_up "something ended by itself"
