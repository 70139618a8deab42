import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecureContext } from 'node:tls';
import { CredentialParams } from 'pip-services4-config-node';
import { ComponentLogger } from '../../../src/component/ComponentLogger';
import { TlsSettings } from '../../../src/connect/tls/TlsSettings';
import { TlsWatcher } from '../../../src/connect/tls/TlsWatcher';
import { RecordingLogger } from '../../support/RecordingLogger';
import { createCertificate, type Certificate } from '../../support/server/certificate';
import { sleep } from '../../support/sleep';

const RENEWED = 'info the TLS files have changed: new connections use them';
const REJECTED = 'warn the changed TLS files are not usable, keeping the old ones: ';

const logger = new RecordingLogger();
let directory: string;
let settings: TlsSettings;
let watcher: TlsWatcher;
let polls: number;

const fileOf = (name: string) => join(directory, name);

function write({ cert, key }: Certificate): void {
    writeFileSync(fileOf('tls.crt'), cert);
    writeFileSync(fileOf('tls.key'), key);
}

/** Writes a folder of files, and makes the link `..data` point to it in one step. */
function mount(version: string, { cert, key }: Certificate): void {
    mkdirSync(fileOf(version));
    writeFileSync(join(fileOf(version), 'tls.crt'), cert);
    writeFileSync(join(fileOf(version), 'tls.key'), key);
    symlinkSync(version, fileOf('..new'));
    renameSync(fileOf('..new'), fileOf('..data'));
}

function watch(): void {
    const files = { ssl_ca_file: fileOf('tls.crt'), ssl_crt_file: fileOf('tls.crt'), ssl_key_file: fileOf('tls.key') };
    settings = new TlsSettings(CredentialParams.fromTuples(...Object.entries(files).flat()));
    settings.toOptions('a');
    const log = new ComponentLogger();
    log.setReferences(logger.references());
    polls = 0;
    const inUse = () => {
        polls++;
        return settings;
    };
    watcher = new TlsWatcher(inUse, log, 'trace', 2);
}

/** Waits until so many further polls have ended. */
async function polled(times: number): Promise<void> {
    const enough = polls + times + 1;
    while (polls < enough) await sleep(1);
}

const context = (): SecureContext => settings.toOptions('a').secureContext!;

beforeEach(() => {
    logger.clear();
    directory = mkdtempSync(join(tmpdir(), 'rotation-'));
});

afterEach(() => {
    watcher.stop();
    rmSync(directory, { recursive: true });
});

describe('TlsWatcher', () => {
    it('reads the files every 30 seconds, give or take a tenth', async () => {
        jest.useFakeTimers();
        try {
            polls = 0;
            watcher = new TlsWatcher(() => (polls++, null), new ComponentLogger(), 'trace');
            await jest.advanceTimersByTimeAsync(26_999);
            expect(polls).toBe(0);
            await jest.advanceTimersByTimeAsync(6001);
            expect(polls).toBe(1);
            await jest.advanceTimersByTimeAsync(33_000);
            expect(polls).toBe(2);
        } finally {
            watcher.stop();
            jest.useRealTimers();
        }
    });

    it('changes nothing and logs nothing while the contents stay', async () => {
        const certificate = createCertificate();
        write(certificate);
        watch();
        const first = context();
        await polled(3);
        write(certificate);
        await polled(3);
        expect([context() === first, logger.lines]).toEqual([true, []]);
    });

    it('brings new files into options that exist already', async () => {
        write(createCertificate());
        watch();
        const options = settings.toOptions('a');
        const { secureContext: before } = options;
        write(createCertificate());
        await logger.heard(/have changed/);
        expect(options.secureContext).not.toBe(before);
        expect(options.secureContext).toBe(context());
        await polled(3);
        expect(logger.lines).toEqual([RENEWED]);
    });

    it('follows the link ..data of Kubernetes', async () => {
        mount('..1', createCertificate());
        for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), fileOf(name));
        watch();
        const first = context();
        for (const version of ['..2', '..3']) {
            mount(version, createCertificate());
            await logger.heard(/have changed/, Number(version[2]) - 1);
        }
        expect(context()).not.toBe(first);
        expect(logger.lines).toEqual([RENEWED, RENEWED]);
    });

    it.each<[string, (next: Certificate) => void, string]>([
        [
            'a certificate whose key is not there yet',
            ({ cert }) => writeFileSync(fileOf('tls.crt'), cert),
            'invalid credential.ssl_key_file: expected the key of credential.ssl_crt_file',
        ],
        [
            'a half-written certificate',
            ({ cert }) => writeFileSync(fileOf('tls.crt'), cert + cert.slice(0, 200)),
            'invalid credential.ssl_ca_file: it ends within a certificate',
        ],
        [
            'an empty certificate',
            () => writeFileSync(fileOf('tls.crt'), ''),
            'invalid credential.ssl_ca_file: expected a certificate in PEM (-----BEGIN CERTIFICATE-----)',
        ],
        [
            'a half-written key',
            ({ cert, key }) => write({ cert, key: key.slice(0, 60), subject: '' }),
            'invalid credential.ssl_key_file: expected a private key in PEM (-----BEGIN PRIVATE KEY-----)',
        ],
        ['a missing key', () => unlinkSync(fileOf('tls.key')), 'cannot read credential.ssl_key_file: ENOENT'],
    ])('keeps the old context for %s, and logs it once until it is fixed', async (_, damage, reason) => {
        write(createCertificate());
        watch();
        const first = context();
        for (let round = 1; round <= 2; round++) {
            const next = createCertificate();
            const before = context();
            damage(next);
            await logger.heard(/not usable/, round);
            await polled(5);
            expect(context()).toBe(before);
            expect(logger.lines.at(-1)).toMatch(REJECTED + reason);
            write(next);
            await logger.heard(/have changed/, round);
        }
        expect(context()).not.toBe(first);
        expect(logger.lines).toHaveLength(4);
    });

    it('is not stopped by files that return to their old contents', async () => {
        const certificate = createCertificate();
        write(certificate);
        watch();
        const first = context();
        writeFileSync(fileOf('tls.key'), '');
        await logger.heard(/not usable/);
        write(certificate);
        await polled(3);
        expect([context() === first, logger.lines.length]).toEqual([true, 1]);
        writeFileSync(fileOf('tls.key'), '');
        await logger.heard(/not usable/, 2);
    });

    it('uses a change only when two readings agree', async () => {
        write(createCertificate());
        watch();
        watcher.stop();
        const first = context();
        for (let i = 0; i < 3; i++) {
            write(createCertificate());
            expect(await settings.refresh()).toBe('changing');
        }
        expect(context()).toBe(first);
        expect(await settings.refresh()).toBe('renewed');
        expect(context()).not.toBe(first);
        expect(await settings.refresh()).toBe('unchanged');
    });

    it('reads no files after stop', async () => {
        write(createCertificate());
        watch();
        await polled(1);
        watcher.stop();
        const { length } = logger.lines;
        const before = polls;
        write(createCertificate());
        await sleep(30);
        expect([polls, logger.lines.length]).toEqual([before, length]);
    });
});
