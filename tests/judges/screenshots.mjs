// Outside judge: the public pages in a real phone-size browser (system Chromium through playwright-core), and axe-core on them.
//
//   node screenshots.mjs URLS.json PICTURES_DIRECTORY
//
// URLS.json is `urls.json` of the demo: the members among PAGES below are page URLs of a running server. Each page, in French and in English:
// loads no resource but itself, has no script nor event attribute, does not scroll sideways (at 390 px, nor at the 320 px of
// WCAG 1.4.10), says the same with JavaScript switched off, and has no violation that axe-core ranks serious or critical.
// The form of /verify is then used as a person would, without JavaScript: each file of the demo's output beside URLS.json, an altered
// one, one without a badge, a text, an address and a form without anything are sent, and the page that comes back must say what is
// expected, under the same rules.
// Each page is looked at again in the dark colour scheme. The fragment for the LMS must show in a frame on its site alone.
// Pages reached by a capability link (CAPABILITIES) also keep it from search engines and referrers. Pictures go to PICTURES_DIRECTORY as `{page}.{language}.png` and `….dark.png`.
// One line per page; ends non-zero on any failure. CHROMIUM names another browser than /usr/bin/chromium.

import {mkdirSync, readdirSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import axe from 'axe-core';
import {chromium} from 'playwright-core';

const PAGES = ['home', 'verify', 'criteria', 'valid', 'revoked', 'unknown', 'progress', 'progress_awarded', 'progress_embed'];
const CAPABILITIES = ['valid', 'revoked', 'unknown', 'progress', 'progress_awarded', 'progress_embed'];
// The site of the demo's LMS, and another.
const SITES = {'https://campus.formation-numerique.example': true, 'https://elsewhere.example': false};
const LANGUAGES = {fr: 'fr-FR', en: 'en-GB'};
const PHONE = {width: 390, height: 844};
const NARROWEST = {width: 320, height: 568};
const GRAVE = ['serious', 'critical'];

const [urlsFile, pictures] = process.argv.slice(2);
if(!pictures) {
  console.error('usage: node screenshots.mjs URLS.json PICTURES_DIRECTORY');
  process.exit(2);
}
const urls = JSON.parse(readFileSync(urlsFile, 'utf8'));
urls.verify = new URL('/verify', urls.home).href;
mkdirSync(pictures, {recursive: true});
// The sandbox needs a user namespace, which root in a container lacks; only our own loopback server is visited.
// Nor may a page elsewhere reach loopback, which our frame on the LMS's site must: a real server is not on loopback.
const args = ['--no-sandbox', '--disable-features=LocalNetworkAccessChecks'];
const browser = await chromium.launch({executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args});
let failures = 0;
for(const name of PAGES) {
  for(const language of Object.keys(LANGUAGES)) {
    let problems;
    try {
      problems = urls[name] ? await judge(name, language) : ['urls.json does not name this page'];
    } catch(error) {
      problems = [error.message.split('\n')[0]];
    }
    failures += problems.length > 0;
    console.log(problems.length ? `FAILED  ${name} (${language}): ${problems.join('; ')}` : `ok      ${name} (${language})`);
  }
}
for(const [name, sent] of Object.entries(handedIn())) {
  for(const language of Object.keys(LANGUAGES)) {
    let problems;
    try {
      problems = await send(name, sent, language);
    } catch(error) {
      problems = [error.message.split('\n')[0]];
    }
    failures += problems.length > 0;
    console.log(problems.length ? `FAILED  ${name} (${language}): ${problems.join('; ')}` : `ok      ${name} (${language})`);
  }
}
for(const [site, may] of Object.entries(SITES)) {
  let problems;
  try {
    problems = await framed(site, may);
  } catch(error) {
    problems = [error.message.split('\n')[0]];
  }
  failures += problems.length > 0;
  console.log(problems.length ? `FAILED  frame on ${site}: ${problems.join('; ')}` : `ok      frame on ${site}`);
}
await browser.close();
process.exit(failures ? 1 : 0);

async function judge(name, language) {
  const problems = [];
  const scripted = await visit(name, language, true);
  problems.push(...scripted.problems);
  const {page} = scripted;
  await page.screenshot({path: join(pictures, `${name}.${language}.png`), fullPage: true});
  problems.push(...await rules(page, language));
  await page.emulateMedia({colorScheme: 'dark'});
  await page.screenshot({path: join(pictures, `${name}.${language}.dark.png`), fullPage: true});
  problems.push(...(await accessibilityProblems(page)).map(problem => `in the dark: ${problem}`));
  const plain = await visit(name, language, false);
  // Read through the browser protocol: that works where the page itself may run nothing.
  if(await words(plain.page) !== await words(page)) {
    problems.push('says something else without JavaScript');
  }
  await page.context().close();
  await plain.page.context().close();
  return problems;
}

/** The fragment for the LMS is shown in a frame on the LMS's own site, and on no other. */
async function framed(site, may) {
  const context = await browser.newContext({viewport: PHONE, deviceScaleFactor: 2, locale: LANGUAGES.fr});
  const page = await context.newPage();
  const blocked = [];
  page.on('requestfailed', request => blocked.push(request.failure()?.errorText));
  const html = `<!doctype html><title>LMS</title><iframe src="${urls.progress_embed}" width="340" height="220"></iframe>`;
  await page.route(`${site}/**`, route => route.fulfill({contentType: 'text/html', body: html}));
  await page.goto(`${site}/course/view.php`, {waitUntil: 'networkidle'});
  const text = await page.frames().at(-1).locator('body').innerText().catch(() => '');
  await page.screenshot({path: join(pictures, `frame.${may ? 'allowed' : 'refused'}.png`)});
  await context.close();
  const shown = text.includes('Votre progression');
  if(shown !== may) {
    return [may ? `is not shown: ${blocked}` : 'is shown'];
  }
  return may || blocked.includes('net::ERR_BLOCKED_BY_RESPONSE') ? [] : [`is refused by something else than the policy: ${blocked}`];
}

/** What holds of every page, at both widths. */
async function rules(page, language) {
  const problems = [];
  problems.push(...await page.evaluate(expectedLanguage => {
    const found = [];
    if(document.querySelector('script')) {
      found.push('has a <script>');
    }
    if([...document.querySelectorAll('*')].some(e => e.getAttributeNames().some(n => n.startsWith('on')))) {
      found.push('has an event attribute');
    }
    const details = document.querySelector('details.checks');
    if(details?.open && [...details.querySelectorAll('.outcomes > li')].some(li => li.offsetTop < details.offsetTop)) {
      found.push('has a check out of its place');
    }
    if(document.documentElement.lang.split('-')[0] !== expectedLanguage) {
      found.push(`is in "${document.documentElement.lang}"`);
    }
    return found;
  }, language));
  for(const viewport of [PHONE, NARROWEST]) {
    await page.setViewportSize(viewport);
    const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    if(content > window) {
      problems.push(`scrolls sideways: ${content} px wide in ${window} px`);
    }
  }
  await page.setViewportSize(PHONE);
  problems.push(...await accessibilityProblems(page));
  await page.setViewportSize(NARROWEST);
  problems.push(...await accessibilityProblems(page));
  await page.setViewportSize(PHONE);
  return problems;
}

/** What is handed in, and what must come back: the tone of the verdict, a status. */
function handedIn() {
  const output = dirname(urlsFile);
  const awards = readdirSync(output, {withFileTypes: true}).filter(entry => entry.isDirectory()).map(entry => entry.name).sort();
  const read = (award, file) => readFileSync(join(output, award, file));
  const file = (name, buffer) => ({name, mimeType: 'application/octet-stream', buffer});
  // One of the demo's awards is revoked; the pages tell which, and the verdicts of the others are the same for all.
  const credential = read(awards[0], 'credential.json');
  const altered = credential.toString().replace(/"PT\d+H/, '"PT99H');
  if(altered === credential.toString()) {
    throw new Error('the sample credential has no duration to alter');
  }
  const sent = {};
  for(const name of ['credential.json', 'badge.png', 'badge.svg', 'attestation.pdf']) {
    sent[`verify-${name.replace('.', '-')}`] = {file: file(name, read(awards[0], name)), tone: /^(valid|revoked)$/};
  }
  // One issuer of the demo seals, the other does not.
  const attestation = sealed => awards.map(award => read(award, 'attestation.pdf')).find(pdf => pdf.includes('/ByteRange') === sealed);
  return {
    ...sent,
    'verify-other-person': {file: file('badge.png', read(awards[0], 'badge.png')), email: 'nobody@elsewhere.example', tone: /^invalid$/},
    'verify-altered': {file: file('altered.json', Buffer.from(altered)), tone: /^invalid$/},
    'verify-pdf-changed': {file: file('x.pdf', Buffer.concat([attestation(false), Buffer.from('\n')])), tone: /^(doubt|revoked)$/},
    'verify-seal-broken': {file: file('x.pdf', Buffer.concat([attestation(true), Buffer.from('\n')])), tone: /^invalid$/},
    'verify-no-badge': {file: file('photo.jpg', Buffer.from([0xff, 0xd8, 0xff, 0xe0])), tone: /^unverifiable$/},
    'verify-text': {text: credential.toString(), tone: /^(valid|revoked)$/},
    'verify-address': {text: 'https://badges.invalid/1', tone: /^unverifiable$/},
    'verify-nothing': {status: 400, mistake: true},
    'verify-two': {file: file('a.json', credential), text: '{}', status: 400, mistake: true},
    'verify-too-large': {file: file('large.pdf', Buffer.alloc(6 * 1024 * 1024)), status: 413, mistake: true}
  };
}

/** Fills the form in and sends it, as a person with a phone does. */
async function send(name, sent, language) {
  const {page, problems} = await visit('verify', language, false);
  if(sent.file) {
    await page.setInputFiles('input[name=file]', sent.file);
  }
  if(sent.text) {
    await page.fill('textarea[name=text]', sent.text);
  }
  if(sent.email) {
    await page.fill('input[name=email]', sent.email);
  }
  problems.length = 0; // requests of the form are judged below
  const [response] = await Promise.all([
    page.waitForResponse(response => response.request().isNavigationRequest()), page.click('button[type=submit]')
  ]);
  await page.waitForLoadState('networkidle');
  await page.screenshot({path: join(pictures, `${name}.${language}.png`), fullPage: true});
  const html = await page.content();
  const found = problems.filter(problem => !problem.startsWith(`requests ${urls.verify}?lang=`));
  if(response.status() !== (sent.status ?? 200)) {
    found.push(`answers ${response.status()}`);
  }
  if(response.headers()['cache-control'] !== 'no-store') {
    found.push('may be kept');
  }
  if(sent.mistake ? !await page.locator('form [role=alert]').count() : !sent.tone.test(toneOf(html))) {
    found.push(sent.mistake ? 'does not say what is wrong with the form' : `is ${toneOf(html) || 'no verdict'}`);
  }
  await page.context().close();
  // The same markup in a page where axe-core can run.
  const context = await browser.newContext({viewport: PHONE, locale: LANGUAGES[language], bypassCSP: true});
  const judged = await context.newPage();
  await judged.setContent(html);
  await judged.evaluate(() => document.querySelectorAll('details').forEach(details => { details.open = true; }));
  found.push(...await rules(judged, language));
  await judged.screenshot({path: join(pictures, `${name}.${language}.320.png`), fullPage: true});
  await context.close();
  return found;
}

function toneOf(html) {
  return /<section class="verdict (\w+)"/.exec(html)?.[1] ?? '';
}

/** What a page says, but for the hour, at which one of two visits may be a minute later. */
async function words(page) {
  return (await page.locator('body').innerText()).replace(/\d{1,2}(\s*h\s*|:)\d{2}/g, '');
}

async function visit(name, language, javaScriptEnabled) {
  const problems = [];
  // bypassCSP lets axe-core in; what the page itself may do is judged by its requests and its markup.
  const context = await browser.newContext({
    viewport: PHONE, deviceScaleFactor: 2, locale: LANGUAGES[language], javaScriptEnabled, bypassCSP: true
  });
  const page = await context.newPage();
  page.on('request', request => {
    if(request.url() !== urls[name] && !request.url().startsWith('data:')) {
      problems.push(`requests ${request.url()}`);
    }
  });
  const response = await page.goto(urls[name], {waitUntil: 'networkidle'});
  if(response.status() >= 500) {
    problems.push(`answers ${response.status()}`);
  }
  if(CAPABILITIES.includes(name)) {
    const headers = response.headers();
    if(headers['referrer-policy'] !== 'no-referrer') {
      problems.push('lacks Referrer-Policy: no-referrer');
    }
    if(!headers['x-robots-tag']?.includes('noindex') && !await page.locator('meta[name=robots][content*=noindex]').count()) {
      problems.push('lacks noindex');
    }
  }
  return {page, problems};
}

async function accessibilityProblems(page) {
  await page.evaluate(axe.source);
  const {violations} = await page.evaluate(() => globalThis.axe.run());
  for(const violation of violations.filter(v => !GRAVE.includes(v.impact))) {
    console.log(`note    axe-core: ${violation.id} (${violation.impact}): ${violation.help}`);
  }
  return violations.filter(v => GRAVE.includes(v.impact))
    .map(v => `axe-core: ${v.id} (${v.impact}): ${v.nodes.map(n => n.target.join(' ')).join(', ')}`);
}
