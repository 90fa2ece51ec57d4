"""Everything that the OpenAPI document says, asked for in every way that it forbids, too: no answer is a
failure of ours, none is another than documented, and the daemon ends cleanly.

    python3 tests/soak/openapi.py SCHEMATHESIS SECONDS
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.system import System  # noqa: E402

# What the tables check with functions (names, addresses) is not in the document, so that valid data may be
# refused. Log-ins and the caller's own credentials would end the test by doing what they are told.
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_schema_conformance", "negative_data_rejection", "unsupported_method",
          "allow_header_conformance"]
LEFT_OUT = "sallyport/(Log|ChangePassword|CreateUser|UpdateUser|Delete|End|Backup|UpdateAccessKey)"
# Lists of a hundred thousand make bodies of more than 1 MiB: 413 is not among what it expects.
TOO_LARGE = "/RevokeCertificates"


def run(program, seconds, system):
    return subprocess.run(
        [program, "run", f"http://127.0.0.1:{system.api_port}/api/openapi.json",
         "-H", f"Authorization: Bearer {system.first['token']}", "--phases", "coverage,fuzzing",
         "--max-time", str(seconds), "--continue-on-failure", "--checks", ",".join(CHECKS),
         "--exclude-path-regex", f"({LEFT_OUT}|{TOO_LARGE})", "--workers", "2",
         "--suppress-health-check", "all", "--warnings", "off"],
        cwd=system.folder, check=False).returncode


def main():
    program, seconds = sys.argv[1:]
    system = System().start()
    try:
        code = run(os.path.abspath(program), int(seconds), system)
        failed = system.events("api_call_failed")
        assert not failed, failed[:5]
    finally:
        system.close()
    sys.exit(code)


main()
