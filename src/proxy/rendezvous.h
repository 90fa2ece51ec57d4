/*
 * proxy/rendezvous.h - weighted rendezvous hashing: each (client, server) pair has a cost, and the
 * cheapest server wins.
 *
 * A server that goes moves only its own clients; a weight that changes moves clients in proportion.
 * Nothing is random: every worker, restart and machine chooses alike. Source: Schindelhauer and
 * Schomaker, "Weighted Distributed Hash Tables" (2005), the logarithmic method.
 */
#ifndef SALLYPORT_PROXY_RENDEZVOUS_H
#define SALLYPORT_PROXY_RENDEZVOUS_H

#include <stdbool.h>
#include <stdint.h>
#include "net/address.h"

/* Of the IP address, and of the port if wanted. */
uint64_t rendezvous_hash(uint64_t seed, const struct address *address, bool with_port);
/* weight > 0. */
double rendezvous_cost(uint64_t client_hash, uint64_t server_hash, uint32_t weight);

#endif
