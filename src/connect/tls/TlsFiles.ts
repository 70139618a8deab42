import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import { invalidCredential, noCredential } from '../../component/errors';
import { parseCertificates, parseKey } from './pem';

/** The files of a secure context. An absent one is null. */
export interface TlsPaths {
    readonly authorities: string | null;
    readonly certificate: string | null;
    readonly key: string | null;
}

/** The text of a file, or the problem with reading it. */
type Content = { readonly text: string } | { readonly problem: string };
type Contents = { readonly [K in keyof TlsPaths]: Content | null };

/** One reading of the files. */
export class TlsFiles {
    /** A digest of the contents, as the text would keep the private key in memory. */
    readonly fingerprint: string;

    private constructor(private readonly contents: Contents) {
        const { authorities, certificate, key } = contents;
        const hash = createHash('sha256').update(JSON.stringify([authorities, certificate, key]));
        this.fingerprint = hash.digest('base64');
    }

    /** Reads the files. A file that cannot be read is an error of `toContext`. */
    static async read({ authorities, certificate, key }: TlsPaths): Promise<TlsFiles> {
        const all = await Promise.all([readOne(authorities), readOne(certificate), readOne(key)]);
        return new TlsFiles({ authorities: all[0], certificate: all[1], key: all[2] });
    }

    static readSync({ authorities, certificate, key }: TlsPaths): TlsFiles {
        return new TlsFiles({
            authorities: readOneSync(authorities),
            certificate: readOneSync(certificate),
            key: readOneSync(key),
        });
    }

    /** Throws NO_CREDENTIAL for a file that cannot be read, INVALID_CREDENTIAL for its contents. */
    toContext(): SecureContext {
        const { authorities, certificate, key } = this.contents;
        const ca = textOf('credential.ssl_ca_file', authorities);
        if (ca !== null) parseCertificates('credential.ssl_ca_file', ca);
        const cert = textOf('credential.ssl_crt_file', certificate);
        const own = cert === null ? {} : toPair(cert, textOf('credential.ssl_key_file', key)!);
        try {
            return createSecureContext({ ...(ca === null ? {} : { ca }), ...own });
        } catch (error) {
            const { reason, message } = error as Error & { reason?: string };
            throw invalidCredential('TLS files', reason ?? message);
        }
    }
}

async function readOne(path: string | null): Promise<Content | null> {
    try {
        return path === null ? null : { text: await readFile(path, 'latin1') };
    } catch (error) {
        return { problem: (error as Error).message };
    }
}

function readOneSync(path: string | null): Content | null {
    try {
        return path === null ? null : { text: readFileSync(path, 'latin1') };
    } catch (error) {
        return { problem: (error as Error).message };
    }
}

function textOf(name: string, content: Content | null): string | null {
    if (content === null) return null;
    if ('text' in content) return content.text;
    throw noCredential(`cannot read ${name}: ${content.problem}`);
}

function toPair(cert: string, keyText: string): { cert: string; key: string } {
    const first = parseCertificates('credential.ssl_crt_file', cert);
    const key = parseKey('credential.ssl_key_file', keyText);
    if (!first.checkPrivateKey(key)) {
        throw invalidCredential('credential.ssl_key_file', 'expected the key of credential.ssl_crt_file');
    }
    return { cert, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
