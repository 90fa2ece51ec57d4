/* Certificate requests as strangers send them: parse, and everything that is read out of one. */
#include <stdlib.h>
#include "pki/csr.h"
#include "pki/san.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct san_list names = { 0 };
	struct error err = { 0 };
	struct csr csr;

	if (csr_parse((struct bytes){ data, size }, &csr, &err) == 0) {
		if (csr.names.len > 0 && san_list_read(csr.names, true, &names, &err) == 0)
			free(san_list_text(&names));
		san_list_done(&names);
		csr_done(&csr);
	}
	/* as a list of names by itself: a request must be signed, which a fuzzer cannot do */
	if (san_list_read((struct bytes){ data, size }, size % 2 == 0, &names, &err) == 0) {
		free(san_list_text(&names));
		san_list_done(&names);
	}
	return 0;
}
