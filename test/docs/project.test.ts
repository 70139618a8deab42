import { load } from 'js-yaml';
import { runNode } from '../support/runNode';
import { listFiles, read } from './markdown';

interface Package {
    version: string;
    homepage: string;
    repository: { type: string; url: string };
    bugs: string;
    scripts: Record<string, string>;
}
interface Step {
    uses?: string;
    run?: string;
}
interface Job {
    needs?: string;
    uses?: string;
    permissions?: Record<string, string>;
    steps?: Step[];
}
interface Workflow {
    name: string;
    on: Record<string, unknown>;
    permissions: Record<string, string>;
    jobs: Record<string, Job>;
}
interface Field {
    type: string;
    id?: string;
    attributes: { label?: string; value?: string; options?: unknown[] };
}
interface Form {
    name: string;
    description: string;
    body: Field[];
}

const project = JSON.parse(read('package.json')) as Package;
const parse = <T>(file: string): T => load(read(file)) as T;
const workflows = listFiles(/^\.github\/workflows\//);
const forms = listFiles(/^\.github\/ISSUE_TEMPLATE\/(?!config)/);

describe('the address of the repository', () => {
    const address = project.repository.url.replace(/^git\+|\.git$/g, '');

    it('is the same in all fields of package.json', () => {
        const { homepage, bugs, repository } = project;
        expect([repository.type, homepage, bugs]).toEqual(['git', `${address}#readme`, `${address}/issues`]);
    });

    it.each(['README.md', 'SECURITY.md', '.github/ISSUE_TEMPLATE/config.yml'])('is the only one in %s', file => {
        const found = read(file).match(/https:\/\/github\.com\/[\w-]+\/[\w-]+/g);
        expect(new Set(found)).toEqual(new Set([address]));
    });
});

describe.each(workflows)('%s', file => {
    const { name, on, permissions, jobs } = parse<Workflow>(file);
    const steps = Object.values(jobs).flatMap(job => job.steps ?? []);

    it('is a workflow that can read the sources and no more by default', () => {
        expect([name, Object.keys(on).length > 0, permissions]).toEqual([
            expect.any(String),
            true,
            { contents: 'read' },
        ]);
        for (const { uses, run } of steps) expect([uses, run].filter(Boolean)).toHaveLength(1);
    });

    it('runs only scripts and workflows that exist', () => {
        const commands = steps.map(({ run = '' }) => run).join('\n');
        for (const [, script] of commands.matchAll(/npm run ([\w:-]+)/g))
            expect(project.scripts).toHaveProperty([script!]);
        for (const [, script] of commands.matchAll(/node (\S+\.mjs)/g)) expect(listFiles(/\.mjs$/)).toContain(script);
        for (const { uses } of Object.values(jobs)) if (uses !== undefined) expect(workflows).toContain(uses.slice(2));
    });
});

describe('a release', () => {
    const { on, jobs } = parse<Workflow>('.github/workflows/release.yml');

    it('publishes with provenance, after all checks of CI, for a tag of a version', () => {
        expect(on).toEqual({ push: { tags: ['v*'] } });
        const { publish, check, version } = jobs;
        expect([publish!.needs, check!.needs, check!.uses]).toEqual(['check', 'version', './.github/workflows/ci.yml']);
        expect(parse<Workflow>('.github/workflows/ci.yml').on).toHaveProperty('workflow_call');
        expect(version!.steps!.at(-1)!.run).toContain('scripts/release-check.mjs "$GITHUB_REF_NAME"');
        expect(publish!.steps!.at(-1)!.run).toContain('npm publish --provenance');
    });

    it('gives only the last job the right to sign', () => {
        const signing = Object.entries(jobs).filter(([, { permissions }]) => permissions?.['id-token'] === 'write');
        expect(signing.map(([name]) => name)).toEqual(['publish']);
    });

    const check = (...args: string[]) => runNode(['scripts/release-check.mjs', ...args]);

    it('accepts the tag of the version, which the changelog describes', async () => {
        expect(await check(`v${project.version}`)).toEqual({ code: 0, stdout: '', stderr: '' });
    });

    it.each(['v0.0.1', project.version, ''])('refuses the tag %j', async tag => {
        const { code, stderr } = await check(tag);
        expect([code, stderr]).toEqual([1, expect.stringContaining(`expected v${project.version}`)]);
    });
});

it.each(forms)('has fields with labels and different ids in %s', file => {
    const { name, description, body } = parse<Form>(file);
    expect([name, description]).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)]);
    const ids = body.map(({ id }) => id).filter(id => id !== undefined);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { type, attributes } of body) {
        expect(['markdown', 'textarea', 'input', 'checkboxes']).toContain(type);
        expect(type === 'markdown' ? attributes.value : attributes.label).toMatch(/./);
    }
});

it('has forms for bugs and features', () => {
    expect(forms).toEqual(['.github/ISSUE_TEMPLATE/bug.yml', '.github/ISSUE_TEMPLATE/feature.yml']);
});
