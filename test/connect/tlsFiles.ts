import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificate } from '../support/server/certificate';

/** The authority that the clients of these tests trust, and its certificates. */
export const authority = createCertificate(['an authority of our own']);
export const signed = (names?: string[], endsInDays?: number) => createCertificate(names, { authority, endsInDays });
export const certificate = signed();
export const expired = signed(undefined, -1);
export const elsewhere = signed(['elsewhere.example', '10.1.2.3']);
export const mine = signed(['ann']);

const directory = mkdtempSync(join(tmpdir(), 'tls-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;

/** Writes a file with this content that exists until the test file ends. */
export function fileOf(contents: string | Buffer): string {
    const file = join(directory, `${files++}.pem`);
    writeFileSync(file, contents);
    return file;
}

/** Returns the configuration of a TLS connection to the server that trusts the authority. */
export function tlsConfigOf({ port }: { port: number }, more: Record<string, unknown> = {}): Record<string, unknown> {
    return {
        'connection.uri': `memcacheds://localhost:${port}`,
        'credential.ssl_ca_file': fileOf(authority.cert),
        ...more,
    };
}

export const pairOf = ({ cert, key }: { cert: string; key: string }) => ({
    'credential.ssl_crt_file': fileOf(cert),
    'credential.ssl_key_file': fileOf(key),
});
