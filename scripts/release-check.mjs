// Checks before a release that the tag names the version of the package, and that the changelog has
// a section for it.
import { readFileSync } from 'node:fs';

const [tag = ''] = process.argv.slice(2);
const read = file => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
const { version } = JSON.parse(read('package.json'));
const [first = ''] = read('CHANGELOG.md').match(/^## .*$/m) ?? [];

const problems = [
    tag !== `v${version}` && `invalid tag ${tag}: expected v${version}, the version in package.json`,
    first.split(' ')[1] !== version && `invalid CHANGELOG.md: expected the first section to be ${version}`,
].filter(Boolean);

for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
