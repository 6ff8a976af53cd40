// Node 18, which Debian 12 carries, has Web Crypto but does not put it where the libraries look for it. Import this before them.

import {webcrypto} from 'node:crypto';

globalThis.crypto ??= webcrypto;
