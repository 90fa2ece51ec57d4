/* model/nearest.h - "did you mean": the known name that a misspelt one is closest to. */
#ifndef SALLYPORT_MODEL_NEAREST_H
#define SALLYPORT_MODEL_NEAREST_H

struct nearest {
	const char *wanted;   /* borrowed */
	const char *best;     /* borrowed; NULL: nothing is close enough */
	unsigned int distance;
};

struct nearest nearest_begin(const char *wanted);
void nearest_offer(struct nearest *nearest, const char *name);

#endif
