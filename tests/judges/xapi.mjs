// Outside judges of the xAPI intake, on a real `sceau serve` with a database file of its own.
//
//   node xapi.mjs WORK STATEMENTS SCEAU_BINARY
//
// First the unmodified npm client @xapi/xapi sends what Moodle and cmi5 content send, completions and results with durations; the awards
// that follow are read over the API. Then every statement of STATEMENTS (tests/xapi/statements.json, a list of changes to a base) is sent
// and must be taken or refused, with the pointer that the list names, and @learninglocker/xapi-validation must agree. Where it does not,
// DISAGREEMENTS says by which requirement of xAPI 1.0.3; a disagreement that is not listed fails, and so does a listed one that is none.

import {execFileSync, spawn} from 'node:child_process';
import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {createServer} from 'node:net';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import XAPIModule from '@xapi/xapi';
import {Verdicts} from './output.mjs';

const XAPI = XAPIModule.default ?? XAPIModule;
const validator = createRequire(import.meta.url)('@learninglocker/xapi-validation/dist/factory');

const DISAGREEMENTS = {
  'id in braces': 'part 2, 2.4.1: a UUID is in its standard string form, which has no braces',
  'mbox \'Mailto:zoe@agents.example\'': 'part 2, 2.4.2.3: the form is "mailto:email address", and 2.2 has the case of values matter',
  'mbox_sha1sum of 39 digits': 'part 2, 2.4.2.3: the hex-encoded SHA-1, which has 40 digits',
  'a group of groups': 'part 2, 2.4.2.2: an anonymous group must not contain groups',
  'an identified group of groups': 'part 2, 2.4.2.2: an identified group must not contain groups',
  'a verb\'s id with a space': 'part 2, 4.3 and 2.2: an IRI (RFC 3987) holds no space',
  'two components of one id': 'part 2, 2.4.4.1: all ids in an array of interaction components are distinct',
  'a duration below zero': 'part 2, 4.6: ISO 8601, 4.4.3.2, which has no sign',
  'a single activity as parent': 'part 2, 2.4.6.2: a single activity is allowed as well as a list',
  'a timestamp that is a day': 'part 2, 4.5: a combined date and time',
  'a timestamp in the basic format': 'part 2, 4.5: the normal format of ISO 8601, as RFC 3339 has it',
  'a timestamp on a day that is none': 'part 2, 4.5: ISO 8601 has no 30 February',
  'a version of two numbers': 'part 2, 2.4.10: what does not start with "1.0." is refused'
};

const SITE = 'https://lms.example';
const CONTENT = 'https://contenu.example/laicite';
const CATALOG = {
  issuers: [{code: 'ecole', name: 'École des services publics', url: 'https://ecole.example.org'}],
  trainings: [{
    code: 'laicite', issuer: 'ecole', title: 'Les fondamentaux de la laïcité', description: 'Le principe et son application.',
    objectives: ['Situer le principe'], modality: 'self_paced_online', duration: 'PT2H', assessment: 'certifying',
    units: [{code: 'u1', title: 'Le cadre', activities: [
      {code: 'cours', title: 'Le cours', duration: 'PT1H30M'},
      {code: 'bilan', title: 'Le bilan', kind: 'assessment', duration: 'PT30M'}]}],
    criteria: {
      participation: {rule: {any: [{expected_activities: {}}, {time_spent: {at_least: 'PT1H', basis: 'measured'}}]}},
      certificate: {rule: {activity: {code: 'bilan', reached: 'passed'}}}
    }
  }],
  sessions: [{code: 'laicite-1', training: 'laicite'}],
  sources: [{
    code: 'mentor', issuer: 'ecole', name: 'Mentor', form: 'xapi', site: SITE,
    courses: {4: {session: 'laicite-1', modules: {12: 'cours', 14: 'bilan'}}},
    activities: {[`${CONTENT}/cours`]: {session: 'laicite-1', activity: 'cours'}, [`${CONTENT}/bilan`]: {session: 'laicite-1', activity: 'bilan'}}
  }]
};

if(process.argv.length !== 5) {
  console.error('usage: node xapi.mjs WORK STATEMENTS SCEAU_BINARY');
  process.exit(2);
}
const [work, list, binary] = process.argv.slice(2);
const verdicts = new Verdicts();
rmSync(work, {recursive: true, force: true});
mkdirSync(work, {recursive: true});

const port = await freePort();
const url = `http://localhost:${port}`;
const environment = {
  ...process.env, DATABASE_URL: `sqlite:${join(work, 'sceau.db')}`, SCEAU_KEYS: join(work, 'keys'), SCEAU_PUBLIC_URL: url,
  SCEAU_AGE_IDENTITY_FILE: join(work, 'identity.txt'), SCEAU_LISTEN: `127.0.0.1:${port}`, SCEAU_FETCH: 'off', SCEAU_LOG: 'warn'
};
const sceau = (...command) => execFileSync(binary, command, {env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit']}).trim();

sceau('keys', 'identity', '--output', join(work, 'identity.txt'));
writeFileSync(join(work, 'catalog.json'), JSON.stringify(CATALOG));
sceau('import', join(work, 'catalog.json'));
sceau('keys', 'generate', 'ecole');
const password = sceau('source', 'secret', 'mentor');
const token = sceau('token', 'create', '--issuer', 'ecole', '--scope', 'awards:read', 'judge');
const server = spawn(binary, ['serve'], {env: environment, stdio: ['ignore', 'inherit', 'inherit']});
try {
  await until('the server answers', async () => (await fetch(`${url}/health`)).ok);
  await sendAndSeeAwards();
  await judgeStatements();
} catch(error) {
  // Without the trace: it would show the client's whole bundle.
  verdicts.fail('the judge itself', [error.message]);
} finally {
  server.kill();
}
process.exit(verdicts.failures ? 1 : 0);

// ── @xapi/xapi ──────────────────────────────────────────────────────────────────────────────────────────────────────

async function sendAndSeeAwards() {
  const endpoint = `${url}/xapi/mentor/`;
  const client = new XAPI({endpoint, auth: XAPI.toBasicAuth('mentor', password), adapter: 'fetch'});
  const learner = (name, id) => ({objectType: 'Agent', name, account: {homePage: SITE, name: id}});
  const minutes = count => `PT${count}M`;

  const {data: about} = await client.getAbout();
  check('@xapi/xapi: about', about.version.includes('1.0.3'), about);

  // What Moodle says of its course modules, in one batch.
  const [zoe, paul, inès] = [learner('Zoé Lefèvre', '892'), learner('Paul Martin', '893'), learner('Inès Roux', '894')];
  const module = (actor, id, result, minute) => ({
    actor, verb: XAPI.Verbs.COMPLETED, object: {objectType: 'Activity', id: `${SITE}/mod/page/view.php?id=${id}`}, result,
    timestamp: `2026-06-10T13:${minute}:00.000Z`,
    context: {platform: 'Moodle', contextActivities: {parent: [{objectType: 'Activity', id: `${SITE}/course/view.php?id=4`}]}}
  });
  const batch = [module(zoe, 12, {completion: true}, 31), module(zoe, 14, {completion: true}, 42)];
  const {data: ids} = await client.sendStatements({statements: batch});
  const {data: again} = await client.sendStatements({statements: batch});
  check('@xapi/xapi: a batch sent twice has the same ids', JSON.stringify(ids) === JSON.stringify(again), again);

  // What cmi5 content says of itself, statement by statement, of minutes that overlap.
  const part = (actor, verb, activity, result, moment) => client.sendStatement({statement: {
    id: crypto.randomUUID(), actor, verb, object: {objectType: 'Activity', id: `${CONTENT}/${activity}`}, result, timestamp: `2026-06-11T${moment}:00.000Z`,
    context: {registration: 'ec531277-b57b-4c15-8d91-d292c5b2b8f7', contextActivities: {category: [{id: 'https://w3id.org/xapi/cmi5/context/categories/cmi5'}]}}
  }});
  await part(paul, XAPI.Verbs.COMPLETED, 'cours', {completion: true, duration: minutes(35)}, '09:35');
  await part(paul, XAPI.Verbs.TERMINATED, 'cours', {duration: minutes(40)}, '09:40');
  await part(paul, XAPI.Verbs.PASSED, 'bilan', {success: true, score: {scaled: 0.85}, duration: minutes(20)}, '14:20');
  await part(paul, XAPI.Verbs.COMPLETED, 'bilan', {completion: true, duration: minutes(20)}, '14:20');
  // Done and failed, in half an hour twice told: no award of either kind.
  await part(inès, XAPI.Verbs.COMPLETED, 'bilan', {completion: true, duration: minutes(30)}, '10:30');
  await part(inès, XAPI.Verbs.FAILED, 'bilan', {success: false, duration: minutes(30)}, '10:30');
  // Said by mistake, and taken back.
  const {data: [mistake]} = await part(inès, XAPI.Verbs.PASSED, 'bilan', {success: true}, '10:31');
  await client.voidStatement({actor: inès, statementId: mistake});

  const {data: kept} = await client.getStatement({statementId: ids[0]});
  check('@xapi/xapi: a statement is had back', kept.id === ids[0] && kept.actor.account.name === '892', kept);
  const {data: voided} = await client.getVoidedStatement({voidedStatementId: mistake});
  check('@xapi/xapi: a voided statement is had back as such', voided.id === mistake && voided.result === undefined, voided);
  const gone = await refusal(client.getStatement({statementId: mistake}));
  check('@xapi/xapi: and not as one that stands', gone === 404, gone);
  const stranger = new XAPI({endpoint, auth: XAPI.toBasicAuth('mentor', 'wrong'), adapter: 'fetch'});
  const refused = await refusal(stranger.sendStatements({statements: batch}));
  check('@xapi/xapi: a wrong password is refused', refused === 401, refused);

  // Issued, and nothing else: wait until the queue has nothing left of it.
  const awards = async id => {
    const answer = await fetch(`${url}/api/v1/awards?source=mentor&learner=${id}`, {headers: {authorization: `Bearer ${token}`}});
    return answer.ok ? (await answer.json()).awards : [];
  };
  const issued = async (id, count) => {
    const found = await awards(id);
    return found.length === count && found.every(({state}) => state === 'issued');
  };
  await until('Zoé and Paul have their awards', async () => await issued('892', 1) && await issued('893', 2));
  const kinds = async id => (await awards(id)).map(({kind}) => kind).sort().join();
  check('completions of modules end in an attestation', await kinds('892') === 'participation', await awards('892'));
  check('cmi5 results and durations end in both awards', await kinds('893') === 'certificate,participation', await awards('893'));
  check('what was failed, taken back or told twice does not', await kinds('894') === '', await awards('894'));
}

// ── The list of statements ──────────────────────────────────────────────────────────────────────────────────────────

async function judgeStatements() {
  const {base, cases} = JSON.parse(readFileSync(list, 'utf8'));
  const counted = {taken: 0, refused: 0, agreed: 0};
  const unused = new Set(Object.keys(DISAGREEMENTS));
  for(const entry of cases) {
    const statement = built(base, entry);
    const expected = entry.refused_at === undefined;
    const answer = await fetch(`${url}/xapi/mentor/statements`, {
      method: 'POST', body: JSON.stringify(statement), headers: {
        'content-type': 'application/json', 'x-experience-api-version': '1.0.3',
        authorization: `Basic ${Buffer.from(`mentor:${password}`).toString('base64')}`
      }
    });
    const problems = [];
    if(answer.status !== (expected ? 200 : 400)) {
      problems.push(`answered ${answer.status} ${await answer.text()}`);
    } else if(!expected) {
      const {errors} = await answer.json();
      if(errors?.[0]?.pointer !== entry.refused_at) {
        problems.push(`refused at ${errors?.[0]?.pointer}, not ${entry.refused_at}`);
      }
    }
    counted[expected ? 'taken' : 'refused'] += 1;
    const theirs = validator.statement(statement, []).length === 0;
    const reason = DISAGREEMENTS[entry.name];
    if(theirs === expected) {
      counted.agreed += 1;
      if(reason) {
        problems.push('is listed as a disagreement and is none');
      }
    } else if(!reason) {
      problems.push(`@learninglocker/xapi-validation would ${theirs ? 'take' : 'refuse'} it`);
    }
    unused.delete(entry.name);
    if(problems.length) {
      verdicts.fail(`${entry.name} (part 2, ${entry.rule})`, problems);
    }
  }
  for(const name of unused) {
    verdicts.fail(name, ['is listed as a disagreement, and no statement has this name']);
  }
  for(const [name, reason] of Object.entries(DISAGREEMENTS)) {
    console.log(`    disagreement: ${name} (${reason})`);
  }
  const {taken, refused, agreed} = counted;
  const enough = taken >= 100 && refused >= 100 ? [] : ['there are not a hundred of each'];
  verdicts.report(`${cases.length} statements`, enough, `${taken} taken, ${refused} refused; @learninglocker/xapi-validation agrees on ${agreed}`);
}

/** The base, changed as an entry says. */
function built(base, {statement, set = {}, remove = []}) {
  if(statement !== undefined) {
    return statement;
  }
  const made = structuredClone(base);
  const place = pointer => {
    const steps = pointer.split('/').slice(1).map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    const key = steps.pop();
    return [steps.reduce((object, step) => object[step] ??= {}, made), key];
  };
  for(const [pointer, value] of Object.entries(set)) {
    const [object, key] = place(pointer);
    object[key] = value;
  }
  for(const pointer of remove) {
    const [object, key] = place(pointer);
    delete object[key];
  }
  return made;
}

// ── Helpers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function check(what, holds, found) {
  verdicts.report(what, holds ? [] : [`found ${JSON.stringify(found)}`], 'as expected');
}

/** The status of the problem that the client throws. */
function refusal(request) {
  return request.then(() => 'no refusal', ({message}) => JSON.parse(message).status);
}

async function until(what, holds) {
  for(let tries = 0; tries < 600; tries++) {
    if(server.exitCode !== null) {
      throw new Error(`the server ended early with status ${server.exitCode}`);
    }
    if(await holds().catch(() => false)) {
      return;
    }
    await sleep(100);
  }
  throw new Error(`waited in vain: ${what}`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const {port} = probe.address();
      probe.close(() => resolve(port));
    });
    probe.on('error', reject);
  });
}
