"""A mail server (aiosmtpd), to be killed: STARTTLS and a login are demanded; keeps each letter as a line of JSON before it answers.

    python smtp_receiver.py PORT CERTIFICATE KEY FILE

Every fifth letter is kept and the connection dropped before the answer.
"""

import asyncio
import email
import email.policy
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

PORT, CERTIFICATE, KEY, FILE = int(sys.argv[1]), *sys.argv[2:5]


class Keeper:
    def __init__(self):
        self.count = 0

    async def handle_DATA(self, server, session, envelope):
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        part = lambda kind: letter.get_body(preferencelist=(kind,))
        parts = {kind: part(kind) for kind in ("plain", "html")}
        defects = list(letter.defects) + [defect for part in parts.values() for defect in part.defects]
        kept = {
            "id": letter["message-id"],
            "to": envelope.rcpt_tos,
            "subject": letter["subject"],
            "auto": letter["auto-submitted"],
            "text": parts["plain"].get_content(),
            "html": parts["html"].get_content().replace("&#x2f;", "/"),
            "tls": session.ssl is not None,
            "user": session.auth_data.login.decode(),
            "defects": [repr(defect) for defect in defects],
        }
        with open(FILE, "a", encoding="utf-8") as file:
            file.write(json.dumps(kept) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.count += 1
        if self.count % 5 == 0:
            server.transport.abort()
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"sceau", b"secret+word")
    return AuthResult(success=known, auth_data=data)


async def main():
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE, KEY)
    keeper = Keeper()
    factory = lambda: SMTP(
        keeper, hostname="localhost", tls_context=tls, require_starttls=True, auth_required=True, authenticator=authenticate
    )
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", PORT)
    await server.serve_forever()


asyncio.run(main())
