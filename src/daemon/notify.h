/* daemon/notify.h - tells the service manager what happens (sd_notify(3), without its library). */
#ifndef SALLYPORT_DAEMON_NOTIFY_H
#define SALLYPORT_DAEMON_NOTIFY_H

/* state: "READY=1" and the like, lines of it. Without a manager nothing happens. Never blocks. */
void notify_send(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
