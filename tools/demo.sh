#!/bin/bash
# make run: the whole of Sallyport with an empty data folder, two nginx servers behind it, and every step
# of setting up mutual authentication done through its API; shown with curl. Stays up until Ctrl-C;
# --once ends after the proof. All its files are in build/demo.
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

# --- asking the API: every step below could be a click, a call of an SDK, or this command

sallyport() {
	"$bin/sallyport" "$@" --data-dir "$demo/data"
}

# Shows the command, runs it, and keeps one member of the reply in ret_value.
step() { # MEMBER COMMAND...
	local member=$1 reply
	shift
	say "\$ sallyport $*"
	reply=$(cd "$demo" && sallyport "$@" --json) || give_up "that could not be done"
	[ "$member" != - ] || return 0
	ret_value=$(printf '%s\n' "$reply" |
		sed -n "s/^ *\"$member\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" | head -n 1)
	[ -n "$ret_value" ] || give_up "the answer has no $member"
}

wait_for_job() {
	local i state=
	for i in $(seq 200); do
		state=$(sallyport nlb get-job-status --job-id "$1" | sed -n 's/^Status: //p')
		[ "$state" = Processing ] || break
		sleep 0.05
	done
	[ "$state" = Succeeded ] || give_up "the job $1 ended as $state after $i looks"
}

# --- step 1 and 3 of the document: the private CA, and a client's certificate from it

make_client() {
	step Identifier pca describe-ca-certificate-list --cert-type subRoot
	ca=$ret_value
	say "\$ sallyport client issue client@example.com --format crt --out ."
	client=$(cd "$demo" && sallyport client issue client@example.com --format crt --out . |
		sed -n 's/.*Identifier \([0-9a-f]*\).*/\1/p')
	[ -n "$client" ] || give_up "no certificate was issued"
	mv "$demo/client_example.com_public.crt" "$demo/client.crt"
	mv "$demo/client_example.com.key" "$demo/client.key"
}

# --- step 2: the server's certificate, made elsewhere with openssl, and uploaded

server_extensions() {
	cat <<CONFIG
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:www.example.com
CONFIG
}

make_server() {
	say "\$ openssl genpkey ...; openssl req -new ...; openssl x509 -req -CA root.crt ..."
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
		-keyout "$demo/root.key" -out "$demo/root.crt" -subj "/CN=ECS03 Root" 2>/dev/null
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-keyout "$demo/server.key" -out "$demo/server.csr" -subj "/CN=www.example.com" 2>/dev/null
	openssl x509 -req -in "$demo/server.csr" -CA "$demo/root.crt" -CAkey "$demo/root.key" \
		-CAcreateserial -days 397 -extfile <(server_extensions) -out "$demo/server.crt" 2>/dev/null
	step CertId cas upload-user-certificate --name www --cert @server.crt --key @server.key
	step CertIdentifier cas get-user-certificate-detail --cert-id "$ret_value"
	server=$ret_value
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

start_sallyport() {
	"$bin/sallyportd" --data-dir "$demo/data" --master-key "$demo/master.key" \
		--bootstrap-file "$demo/bootstrap.json" --api "127.0.0.1:$api_port" \
		--console "127.0.0.1:$console_port" >"$demo/sallyportd.log" 2>&1 </dev/null &
	started+=($!)
	wait_until_answers "$api_port" "the API"
}

# --- step 5: instance, server group, listener with mutual authentication

make_listener() {
	step LoadbalancerId nlb create-load-balancer --load-balancer-name edge --vpc-id local \
		--address-type Intranet --zone-mappings.1.zone-id local-a --zone-mappings.1.v-switch-id local \
		--zone-mappings.1.private-ipv4-address 127.0.0.1
	balancer=$ret_value
	step ServerGroupId nlb create-server-group --server-group-name web --vpc-id local --protocol TCP \
		--scheduler Rr --server-group-type Ip --health-check-config.health-check-type HTTP \
		--health-check-config.health-check-interval 2 \
		--health-check-config.health-check-connect-timeout 1
	group=$ret_value
	step JobId nlb add-servers-to-server-group --server-group-id "$group" \
		--servers.1.server-id 127.0.0.1 --servers.1.server-type Ip --servers.1.port "$first_port" \
		--servers.2.server-id 127.0.0.1 --servers.2.server-type Ip --servers.2.port "$second_port"
	step JobId nlb create-listener --load-balancer-id "$balancer" --listener-protocol TCPSSL \
		--listener-port "$port" --certificate-ids "$server" --ca-enabled \
		--ca-certificate-ids "$ca" --server-group-id "$group" \
		--security-policy-id tls_cipher_policy_1_2_strict_with_1_3
	wait_for_job "$ret_value"
	listener=$(sallyport nlb list-listeners --json |
		sed -n 's/^ *"ListenerId": "\([^"]*\)".*/\1/p' | head -n 1)
}

# Only servers that are not healthy are listed.
wait_until_healthy() {
	local i
	for i in $(seq 200); do
		if ! sallyport nlb get-listener-health-status --listener-id "$listener" --json |
			grep -q '"Status"'; then
			return 0
		fi
		sleep 0.05
	done
	give_up "the servers are not healthy after $i looks"
}

# --- the proof

ask() {
	curl -sS --max-time 10 --cacert "$demo/root.crt" \
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
Console    https://127.0.0.1:$console_port/console/  user and password: $folder/bootstrap.json
API        http://127.0.0.1:$api_port/  keys and token: $folder/bootstrap.json
Servers    http://127.0.0.1:$first_port/ (ECS01), http://127.0.0.1:$second_port/ (ECS02)
Log        $folder/sallyportd.log

Try, in another terminal:
  D=$folder
  curl --cacert \$D/root.crt --resolve www.example.com:$port:127.0.0.1 \\
       --cert \$D/client.crt --key \$D/client.key https://www.example.com:$port/
  build/sallyport status --data-dir \$D/data
  build/sallyport logs -f --data-dir \$D/data

Revoke the client: within a second it is refused, and what it had open is cut:
  build/sallyport revoke $client --data-dir \$D/data
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
port_or_other 9443
port=$ret_port
port_or_other 8443
console_port=$ret_port
port_or_other 9080
api_port=$ret_port
port_or_other 8081
first_port=$ret_port
port_or_other 8082
second_port=$ret_port
say "door $port, console $console_port, API $api_port, servers $first_port and $second_port"

title "Two nginx servers, and Sallyport with an empty data folder"
start_nginx ECS01 "$first_port"
start_nginx ECS02 "$second_port"
wait_until_answers "$first_port" "nginx ECS01"
wait_until_answers "$second_port" "nginx ECS02"
start_sallyport
say "up; its first start made a root CA, a subordinate CA and an administrator"

title "A client certificate from the private CA"
make_client
title "A server certificate made elsewhere, uploaded"
make_server
title "A load balancer, a server group, a listener with mutual authentication"
make_listener
wait_until_healthy
say "both servers are healthy"

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
