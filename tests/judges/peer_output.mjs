// Where issue_peers.mjs writes: the documents, and manifest.json, which says what a verifier must find in each of them.

import {mkdirSync, existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {tamperedTokens} from './jwt.mjs';
import {didKeyDocument} from './output.mjs';
import {TAMPERINGS} from './tampering.mjs';

/** What the other libraries made, in one folder of OUT. Entries of other folders in OUT/manifest.json stay. */
export class PeerOutput {
  entries = [];
  /** DID documents by DID; did:key needs none. */
  dids = new Map();
  #files = new Map();

  constructor(out, folder) {
    this.out = out;
    this.folder = folder;
    mkdirSync(join(out, folder), {recursive: true});
  }

  addDidDocument(document, name) {
    const file = join(this.folder, `did-${name}.json`);
    this.dids.set(document.id, document);
    this.#files.set(document.id, file);
    writeFileSync(join(this.out, file), JSON.stringify(document, null, 2));
  }

  /**
   * One document. `issuer` is the DID whose document a verifier needs; `expect` is "verified", "refused" or "not_supported". Of a
   * tampered copy, `what` says what was done to the document named `of`.
   */
  add({name, content, issuer, by, format, expect, what, of = name, ...more}) {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    const ending = typeof content === 'string' ? 'jwt' : 'json';
    const file = join(this.folder, `${name}.${ending}`);
    writeFileSync(join(this.out, file), text);
    const known = this.#files.get(issuer);
    if(!known && !didKeyDocument(issuer)) {
      throw new Error(`no DID document for ${issuer}`);
    }
    this.entries.push({file, did_documents: known ? [known] : [], by, format, expect, ...(what && {what, of: join(this.folder, `${of}.${ending}`)}), ...more});
  }

  /**
   * A signed credential that its own library accepts, and its tampered copies, which it refuses: `accepts` asks it. `extra` are
   * tamperings of its own: pairs of what is done and the edit. Of a set, Digital Bazaar's library is content with one proof that
   * holds, so it isn't asked about copies of sets; every proof must hold (VC Data Integrity 1.0 §2.1.1).
   */
  async addWithTampered(peer, accepts, extra = []) {
    await must(accepts(peer.content), `${peer.name}: its own library refuses it`);
    this.add({...peer, expect: 'verified'});
    let number = 0;
    for(const [what, tamper] of [...extra, ...applicable(peer.content)]) {
      const copy = structuredClone(peer.content);
      if(tamper(copy) === false) {
        continue;
      }
      number += 1;
      if(!Array.isArray(copy.proof)) {
        await must(!await accepts(copy), `${peer.name}: its own library accepts it although ${what}`);
      }
      this.add({...peer, of: peer.name, name: `${peer.name}-tampered-${number}`, content: copy, expect: 'refused', what});
    }
    await must(number >= 3, `${peer.name}: too few tampered copies`);
  }

  /** A token that `accepts` accepts, and its tampered copies. */
  async addTokenWithTampered(peer, accepts) {
    await must(accepts(peer.content), `${peer.name}: its own library refuses it`);
    this.add({...peer, expect: 'verified'});
    const refuses = token => accepts(token).then(() => false, () => true);
    const copies = await tamperedTokens(peer.content, this.dids);
    for(const [number, [what, content]] of copies.entries()) {
      await must(refuses(content), `${peer.name}: its own library accepts it although ${what}`);
      this.add({...peer, of: peer.name, name: `${peer.name}-tampered-${number + 1}`, content, expect: 'refused', what});
    }
  }

  /** Adds the entries to the manifest, in place of earlier ones of this folder. */
  writeManifest() {
    const path = join(this.out, 'manifest.json');
    const others = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).filter(({file}) => !file.startsWith(`${this.folder}/`)) : [];
    writeFileSync(path, JSON.stringify([...others, ...this.entries], null, 2));
    console.log(`${this.entries.length} documents in ${this.folder}/`);
  }
}

/** The tamperings that fit a document: all of them know Open Badges only. */
function applicable(document) {
  return document.credentialSubject?.achievement ? TAMPERINGS : [];
}

async function must(condition, message) {
  if(!await condition) {
    throw new Error(message);
  }
}
