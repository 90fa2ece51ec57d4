"""Requests signed by hand, to be sent as they are, again, or damaged."""
import base64
import hashlib
import hmac
import time
import urllib.parse
import uuid


def timestamp(offset=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset))


def escape(text):
    return urllib.parse.quote(str(text), safe="-_.~")


def sorted_pairs(parameters):
    return "&".join(f"{escape(key)}={escape(parameters[key])}" for key in sorted(parameters))


def rpc(key, secret, action, version, method="POST", offset=0, nonce=None, drop=(), **parameters):
    """All parameters of an HMAC-SHA1 request, the signature among them."""
    public = {"Action": action, "Version": version, "Format": "JSON", "AccessKeyId": key,
              "Timestamp": timestamp(offset), "SignatureMethod": "HMAC-SHA1",
              "SignatureVersion": "1.0", "SignatureNonce": nonce or str(uuid.uuid4())}
    signed = {name: value for name, value in {**public, **parameters}.items() if name not in drop}
    text = f"{method}&%2F&{escape(sorted_pairs(signed))}"
    mac = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
    return {**signed, "Signature": base64.b64encode(mac).decode()}


def acs3(key, secret, action, version, host, method="POST", offset=0, nonce=None, query=None,
         body=b"", content_type="application/x-www-form-urlencoded", leave_out=()):
    """The headers of an ACS3-HMAC-SHA256 request; leave_out: what is sent without being signed."""
    content_hash = hashlib.sha256(body).hexdigest()
    headers = {"host": host, "x-acs-action": action, "x-acs-version": version,
               "x-acs-date": timestamp(offset), "x-acs-signature-nonce": nonce or str(uuid.uuid4()),
               "x-acs-content-sha256": content_hash}
    if body:
        headers["content-type"] = content_type
    signed = sorted(name for name in headers if name not in leave_out)
    canonical = "\n".join([method, "/", sorted_pairs(query or {}),
                           "".join(f"{name}:{headers[name]}\n" for name in signed),
                           ";".join(signed), content_hash])
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    mac = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (f"ACS3-HMAC-SHA256 Credential={key},"
                                f"SignedHeaders={';'.join(signed)},Signature={mac}")
    return headers
