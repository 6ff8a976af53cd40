// Generates documents (jsonld-documents.mjs) and prints, as JSON lines, each with its kind and the canonical N-Quads that jsonld.js gives it
// in safe mode, or its error.
// Usage: node jsonld-differential.mjs SEED COUNT; SCEAU_NODE_MODULES is the directory node_modules that holds the package jsonld.
import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {document as generate, seed} from './jsonld-documents.mjs';

const jsonld = createRequire(path.join(process.env.SCEAU_NODE_MODULES, 'x.js'))('jsonld');
const contextsDirectory = fileURLToPath(new URL('../../schemas/contexts', import.meta.url));
const {contexts} = JSON.parse(fs.readFileSync(path.join(contextsDirectory, 'manifest.json'), 'utf8'));
const documents = new Map(contexts.map(({url, file}) => [url, JSON.parse(fs.readFileSync(path.join(contextsDirectory, file), 'utf8'))]));

async function documentLoader(url) {
  if(!documents.has(url)) {
    throw new Error(`unknown context ${url}`);
  }
  return {documentUrl: url, document: documents.get(url), contextUrl: null};
}

seed(Number(process.argv[2]));
for(let number = 0; number < Number(process.argv[3]); number++) {
  const answer = generate(number);
  try {
    answer.canonical = await jsonld.canonize(answer.document, {
      algorithm: 'RDFC-1.0', format: 'application/n-quads', safe: true, rdfDirection: 'i18n-datatype', documentLoader,
      canonizeOptions: {maxWorkFactor: Infinity} // it would give up on a ring of six
    });
  } catch(error) {
    answer.error = String(error.details?.event?.code ?? error.message);
  }
  console.log(JSON.stringify(answer));
}
