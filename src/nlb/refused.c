/* What the real service can do and has no meaning on one's own machines: known, and refused. */
#include "nlb/nlb.h"

static int refuse(const struct call *call, const char *symbol, const char *what, struct error *err)
{
	call_refuse(err, ERROR_DENIED, symbol, NULL, "%s is not possible here: %s",
		    call->action->name, what);
	return error_hint(err, "%.150s", call->action->help);
}

/* why: symbol and reason. */
#define REFUSE(name, why) \
	int nlb_##name(struct call *call, struct error *err) \
	{ \
		return refuse(call, why, err); \
	}

/* clang-format off */
#define NO_BANDWIDTH "OperationDenied.BandwidthPackage", "bandwidth is not limited"
#define NO_GROUPS "OperationDenied.SecurityGroup", "there are no security groups"
#define NO_INTERNET "OperationDenied.Ipv6Internet", "the network decides what reaches an IPv6 address"
#define NO_MONITOR \
	"OperationDenied.RegionNotSupportHDMonitor", "there is no log service to send metrics to"

REFUSE(AttachCommonBandwidthPackageToLoadBalancer, NO_BANDWIDTH)
REFUSE(DetachCommonBandwidthPackageFromLoadBalancer, NO_BANDWIDTH)
REFUSE(LoadBalancerJoinSecurityGroup, NO_GROUPS)
REFUSE(LoadBalancerLeaveSecurityGroup, NO_GROUPS)
REFUSE(EnableLoadBalancerIpv6Internet, NO_INTERNET)
REFUSE(DisableLoadBalancerIpv6Internet, NO_INTERNET)
REFUSE(SetHdMonitorRegionConfig, NO_MONITOR)
REFUSE(DescribeHdMonitorRegionConfig, NO_MONITOR)
REFUSE(DeleteHdMonitorRegionConfig, NO_MONITOR)
/* clang-format on */
