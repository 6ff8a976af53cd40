// Outside judge: the public pages in a real phone-size browser (system Chromium through playwright-core), and axe-core on them.
//
//   node screenshots.mjs URLS.json PICTURES_DIRECTORY
//
// URLS.json is `urls.json` of the demo: the members among PAGES below are page URLs of a running server. Each page, in French and in English:
// loads no resource but itself, has no script nor event attribute, does not scroll sideways (at 390 px, nor at the 320 px of
// WCAG 1.4.10), says the same with JavaScript switched off, and has no violation that axe-core ranks serious or critical.
// Pages reached by a capability link (CAPABILITIES) also keep it from search engines and referrers. Pictures go to PICTURES_DIRECTORY as `{page}.{language}.png`.
// One line per page; ends non-zero on any failure. CHROMIUM names another browser than /usr/bin/chromium.

import {mkdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import axe from 'axe-core';
import {chromium} from 'playwright-core';

const PAGES = ['home', 'criteria', 'valid', 'revoked', 'unknown'];
const CAPABILITIES = ['valid', 'revoked', 'unknown'];
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
mkdirSync(pictures, {recursive: true});
// The sandbox needs a user namespace, which root in a container lacks; only our own loopback server is visited.
const browser = await chromium.launch({executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox']});
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
await browser.close();
process.exit(failures ? 1 : 0);

async function judge(name, language) {
  const problems = [];
  const scripted = await visit(name, language, true);
  problems.push(...scripted.problems);
  const {page} = scripted;
  await page.screenshot({path: join(pictures, `${name}.${language}.png`), fullPage: true});
  problems.push(...await page.evaluate(expectedLanguage => {
    const found = [];
    if(document.querySelector('script')) {
      found.push('has a <script>');
    }
    if([...document.querySelectorAll('*')].some(e => e.getAttributeNames().some(n => n.startsWith('on')))) {
      found.push('has an event attribute');
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
  const plain = await visit(name, language, false);
  // Read through the browser protocol: that works where the page itself may run nothing.
  if(await words(plain.page) !== await words(page)) {
    problems.push('says something else without JavaScript');
  }
  await page.context().close();
  await plain.page.context().close();
  return problems;
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
