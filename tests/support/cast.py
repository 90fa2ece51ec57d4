"""Clients that must be refused, one for each reason, and what each is told."""
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from support.pki import DAY, SERVER, now


class Cast:
    """The wrong clients, and what is said to each: credential, alert, reason word."""

    def __init__(self, pki):
        self.pki = pki
        self.revoked = pki.kept_once("revoked", lambda: pki.client("revoked", pki.sub))
        self.limited = pki.kept_once("limited", lambda: pki.ca(
            "Limited CA", pki.root, constraints=x509.NameConstraints(
                permitted_subtrees=[x509.DNSName("shop.example")], excluded_subtrees=None)))
        self.short = pki.kept_once("short", lambda: pki.ca("Short CA", pki.root, path_length=0))

    def wrong(self):
        pki = self.pki
        hour = datetime.timedelta(hours=1)

        def kept(name, make, alert, reason):
            return name, pki.kept_once(f"wrong-{name}", make), alert, reason

        def behind_too_many():
            issuer = pki.sub
            for number in range(5):
                issuer = pki.ca(f"Step {number}", issuer)
            return pki.client("far", issuer)

        def forged():
            """Signed by another key than the issuer's."""
            return pki.client("forged", pki.sub, signer=pki.other_root.key)

        def under_short():
            return pki.client("deep", pki.ca("Too Deep", self.short))

        def under_leaf():
            return pki.client("grandchild", pki.good).with_chain(pki.good, pki.sub)

        return [
            kept("no certificate", lambda: None, "certificate_required", "certificate_required"),
            kept("unknown ca", lambda: pki.stranger, "unknown_ca", "unknown_ca"),
            kept("self-signed", lambda: pki.leaf("self", None), "unknown_ca", "unknown_ca"),
            kept("expired", lambda: pki.client(
                "late", pki.sub, not_before=now() - 9 * DAY, not_after=now() - hour),
                "certificate_expired", "expired"),
            kept("not yet valid", lambda: pki.client(
                "early", pki.sub, not_before=now() + hour, not_after=now() + 9 * DAY),
                "certificate_expired", "not_yet_valid"),
            kept("for servers", lambda: pki.client("web", pki.sub, purposes=(SERVER,)),
                 "unsupported_certificate", "wrong_purpose"),
            kept("revoked", lambda: self.revoked, "certificate_revoked", "revoked"),
            kept("sha1", lambda: pki.client("sha1", pki.sub, sign_hash=hashes.SHA1()),
                 "unsupported_certificate", "weak_signature"),
            kept("rsa1024", lambda: pki.client("rsa1024", pki.sub, key="rsa1024"),
                 "unsupported_certificate", "weak_key"),
            kept("p224", lambda: pki.client("p224", pki.sub, key="p224"), None, None),
            kept("chain too long", behind_too_many, "bad_certificate", "chain_too_long"),
            kept("outside name constraints", lambda: pki.client(
                "evil", self.limited, names=["dns:evil.example"]),
                "bad_certificate", "name_constraint"),
            kept("path length", under_short, "bad_certificate", "bad_issuer"),
            kept("issuer is no ca", under_leaf, None, None),
            kept("forged", forged, None, None),
            kept("unknown critical extension", lambda: pki.client("odd", pki.sub, extra=[(
                x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"),
                                           b"\x05\x00"), True)]),
                "bad_certificate", "unsupported_extension"),
            kept("oversized", lambda: pki.client("fat", pki.sub, extra=[(
                x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.2"),
                                           b"\x04\x83\x00\x90\x00" + bytes(0x9000)), False)]),
                "bad_certificate", "certificate_too_large"),
        ]


WRONG = ["no certificate", "unknown ca", "self-signed", "expired", "not yet valid", "for servers",
         "revoked", "sha1", "rsa1024", "p224", "chain too long", "outside name constraints",
         "path length", "issuer is no ca", "forged", "unknown critical extension", "oversized"]
