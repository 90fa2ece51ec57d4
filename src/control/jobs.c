#include "control/jobs.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/bytes.h"

#define THREADS 2

struct job {
	struct job *next;
	void (*work)(void *arg);
	void (*done)(void *arg);
	void *arg;
};

struct queue_of_jobs {
	struct job *first, **end;
};

struct jobs {
	struct loop *loop;
	struct watch watch;
	int event_fd; /* readable: something is done */
	pthread_t threads[THREADS];
	unsigned int thread_count;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t wanted;
	struct queue_of_jobs waiting, finished;
	bool stopping;
};

static void queue_init(struct queue_of_jobs *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

static void queue_put(struct queue_of_jobs *queue, struct job *job)
{
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
}

static struct job *queue_take(struct queue_of_jobs *queue)
{
	struct job *job = queue->first;

	if (job == NULL)
		return NULL;
	queue->first = job->next;
	if (queue->first == NULL)
		queue->end = &queue->first;
	return job;
}

static void queue_drop(struct queue_of_jobs *queue)
{
	struct job *job;

	while ((job = queue_take(queue)) != NULL)
		free(job);
}

/* --- the threads --- */

static struct job *wait_for_job(struct jobs *jobs)
{
	struct job *job = NULL;

	pthread_mutex_lock(&jobs->lock);
	while (!jobs->stopping && (job = queue_take(&jobs->waiting)) == NULL)
		pthread_cond_wait(&jobs->wanted, &jobs->lock);
	pthread_mutex_unlock(&jobs->lock);
	return job;
}

static void hand_back(struct jobs *jobs, struct job *job)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&jobs->lock);
	queue_put(&jobs->finished, job);
	pthread_mutex_unlock(&jobs->lock);
	(void)!write(jobs->event_fd, &one, sizeof(one));
}

static void *run(void *arg)
{
	struct jobs *jobs = arg;
	struct job *job;

	while ((job = wait_for_job(jobs)) != NULL) {
		job->work(job->arg);
		hand_back(jobs, job);
	}
	return NULL;
}

/* --- the state thread --- */

static struct job *take_finished(struct jobs *jobs)
{
	struct job *job;

	pthread_mutex_lock(&jobs->lock);
	job = queue_take(&jobs->finished);
	pthread_mutex_unlock(&jobs->lock);
	return job;
}

static void finished_ready(struct watch *watch, uint32_t events)
{
	struct jobs *jobs = (struct jobs *)((char *)watch - offsetof(struct jobs, watch));
	struct job *job;
	uint64_t count;

	(void)events;
	(void)!read(jobs->event_fd, &count, sizeof(count));
	while ((job = take_finished(jobs)) != NULL) {
		void (*done)(void *arg) = job->done;
		void *arg = job->arg;

		free(job);
		done(arg);
	}
}

/* Signals are for the state thread. */
static int start_threads(struct jobs *jobs, struct error *err)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (jobs->thread_count < THREADS &&
	       pthread_create(&jobs->threads[jobs->thread_count], NULL, run, jobs) == 0)
		jobs->thread_count++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (jobs->thread_count == THREADS)
		return 0;
	return error_set(err, ERROR_SYSTEM, "could not start a thread");
}

struct jobs *jobs_new(struct loop *loop, struct error *err)
{
	struct jobs *jobs = memory_new(sizeof(*jobs));

	jobs->loop = loop;
	queue_init(&jobs->waiting);
	queue_init(&jobs->finished);
	pthread_mutex_init(&jobs->lock, NULL);
	pthread_cond_init(&jobs->wanted, NULL);
	jobs->watch.ready = finished_ready;
	jobs->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (jobs->event_fd < 0)
		error_set_errno(err, "could not make an event counter");
	else if (loop_add(loop, jobs->event_fd, &jobs->watch, EPOLLIN, err) == 0 &&
		 start_threads(jobs, err) == 0)
		return jobs;
	jobs_free(jobs);
	return NULL;
}

void jobs_free(struct jobs *jobs)
{
	unsigned int i;

	if (jobs == NULL)
		return;
	pthread_mutex_lock(&jobs->lock);
	jobs->stopping = true;
	pthread_cond_broadcast(&jobs->wanted);
	pthread_mutex_unlock(&jobs->lock);
	for (i = 0; i < jobs->thread_count; i++)
		pthread_join(jobs->threads[i], NULL);
	queue_drop(&jobs->waiting);
	queue_drop(&jobs->finished);
	if (jobs->event_fd >= 0) {
		loop_remove(jobs->loop, jobs->event_fd, &jobs->watch);
		close(jobs->event_fd);
	}
	pthread_cond_destroy(&jobs->wanted);
	pthread_mutex_destroy(&jobs->lock);
	free(jobs);
}

void jobs_run(struct jobs *jobs, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
	struct job *job = memory_new(sizeof(*job));

	*job = (struct job){ .work = work, .done = done, .arg = arg };
	pthread_mutex_lock(&jobs->lock);
	queue_put(&jobs->waiting, job);
	pthread_cond_signal(&jobs->wanted);
	pthread_mutex_unlock(&jobs->lock);
}
