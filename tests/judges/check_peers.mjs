// Sceau as the judge of its peers: `sceau verify` on every document of a manifest (issue_peers.mjs, issue_peers.py).
//
//   node check_peers.mjs OUT SCEAU_BINARY
//
// "verified": no check failed, `proof` passed, and `issuer_key` passed or warns, which is what a self-asserted issuer gets. "refused": a
// check failed. "not_supported": no check failed, and `proof` was not checked because of the suite. One line for each untouched document,
// with its tampered copies; ends non-zero when an expectation fails. The program runs in an empty folder, so that no database is near.

import {execFile} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {availableParallelism, cpus, tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {Verdicts} from './output.mjs';

if(process.argv.length !== 4) {
  console.error('usage: node check_peers.mjs OUT SCEAU_BINARY');
  process.exit(2);
}
const [out, binary] = process.argv.slice(2).map(path => resolve(path));
const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
const emptyFolder = mkdtempSync(join(tmpdir(), 'sceau-peers-'));
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SCEAU_|DATABASE_URL$)/.test(name)));
const EXPECTATIONS = {verified: isVerified, refused: isRefused, not_supported: isNotSupported};

const verdicts = new Verdicts();
const wrong = await inParallel(manifest, async entry => {
  if(!EXPECTATIONS[entry.expect]) {
    return `unknown expectation ${entry.expect}`;
  }
  try {
    const report = JSON.parse(await verify(entry));
    return EXPECTATIONS[entry.expect](report.checks) ? undefined : `expected ${entry.expect}, got ${summary(report)}`;
  } catch(error) {
    return error.message;
  }
});
rmSync(emptyFolder, {recursive: true});

for(const [index, original] of manifest.entries()) {
  if(original.of) {
    continue;
  }
  const copies = manifest.flatMap((entry, at) => entry.of === original.file ? [at] : []);
  const problems = [index, ...copies].filter(at => wrong[at]).map(at => `${manifest[at].what ?? 'untouched'} (${manifest[at].file}): ${wrong[at]}`);
  const {file, by, format, expect} = original;
  verdicts.report(`${file}, ${by}, ${format}`, problems, `${expect}; as expected: ${copies.length} tampered copies`);
}
if(!['verified', 'refused', 'not_supported'].every(expect => manifest.some(entry => entry.expect === expect))) {
  verdicts.fail(out, ['the manifest lacks a kind of document']);
}
console.log(`${manifest.length} documents, ${wrong.filter(Boolean).length} not as expected`);
process.exit(verdicts.failures ? 1 : 0);

function isVerified(checks) {
  return !isRefused(checks) && outcomeOf(checks, 'proof') === 'pass' && ['pass', 'warn'].includes(outcomeOf(checks, 'issuer_key'));
}

function isRefused(checks) {
  return checks.some(({outcome}) => outcome === 'fail');
}

function isNotSupported(checks) {
  const proof = checks.find(({code}) => code === 'proof');
  return !isRefused(checks) && proof?.outcome === 'not_checked' && proof.reason === 'suite_not_supported';
}

function outcomeOf(checks, wanted) {
  return checks.find(({code}) => code === wanted)?.outcome;
}

function summary({verdict, checks}) {
  return `${verdict} (${checks.map(({code, outcome, reason, detail}) => [code, outcome, reason, detail && `(${detail})`].filter(Boolean).join(' ')).join(', ')})`;
}

/** What the program prints; its exit status says the verdict, which the report holds too. */
function verify({file, did_documents: documents}) {
  const options = documents.flatMap(document => ['--did-document', join(out, document)]);
  return new Promise((give, fail) => {
    execFile(binary, ['verify', '--json', ...options, join(out, file)], {cwd: emptyFolder, env: environment, timeout: 30_000}, (error, stdout, stderr) => {
      if(stdout.trim()) {
        give(stdout);
      } else {
        fail(new Error(`no report: ${stderr.trim() || error?.message}`));
      }
    });
  });
}

async function inParallel(items, work) {
  const results = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while(next < items.length) {
      const index = next++;
      results[index] = await work(items[index]);
    }
  };
  await Promise.all(Array.from({length: availableParallelism?.() ?? cpus().length}, worker));
  return results;
}
