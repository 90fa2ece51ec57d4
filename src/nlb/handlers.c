/* Each action and what does it. */
#include "nlb/nlb.h"

#define X(name) { .product = "nlb", .action = #name, .run = nlb_##name },

const struct handler nlb_handlers[] = { NLB_HANDLERS(X){ 0 } };
