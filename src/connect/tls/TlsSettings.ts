import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity, createSecureContext, type ConnectionOptions, type SecureContext } from 'node:tls';
import type { CredentialParams } from 'pip-services4-config-node';
import { parseBoolean } from '../../util/parseBoolean';
import { invalidCredential } from '../../component/errors';
import { readCertificates, readKey } from './pem';

const FILE_KEYS = ['ssl_ca_file', 'ssl_crt_file', 'ssl_key_file'];
export const TLS_KEYS = [...FILE_KEYS, 'ssl_server_name', 'ssl_verify'];

/**
 * The TLS part of a credential. It reads the files when the first server needs TLS. All sockets
 * share one secure context, because creating a context costs more than a handshake.
 */
export class TlsSettings {
    /** Whether the client verifies the certificates of servers. */
    readonly isVerified: boolean;
    readonly keys: readonly string[];
    private context: SecureContext | null = null;
    /** The contents of the files at the creation of the context. */
    private files = '';
    /** The check of an address as server name. Equal options have the same function. */
    private readonly checkIdentity: ConnectionOptions['checkServerIdentity'];

    /** Checks the keys of the credential. Throws INVALID_CREDENTIAL. */
    constructor(private readonly credential: CredentialParams) {
        this.keys = TLS_KEYS.filter(key => this.get(key) !== null);
        const isVerified = parseBoolean(this.get('ssl_verify') ?? 'true');
        if (isVerified === undefined) throw invalidCredential('credential.ssl_verify', 'expected true or false');
        this.isVerified = isVerified;
        const name = this.get('ssl_server_name');
        if (name !== null && isIP(name)) this.checkIdentity = (_, peer) => checkServerIdentity(name, peer);
    }

    /** Returns whether the credential and the contents of its files are unchanged. */
    matches(credential: CredentialParams): boolean {
        const isSame = TLS_KEYS.every(
            key => credential.getAsNullableString(key) === this.credential.getAsNullableString(key),
        );
        return isSame && (this.context === null || this.readFiles() === this.files);
    }

    /**
     * Returns the options of `tls.connect` for a host.
     * @throws ConfigException NO_CREDENTIAL, INVALID_CREDENTIAL
     */
    toOptions(host: string): ConnectionOptions {
        this.context ??= this.createContext();
        const servername = this.get('ssl_server_name') ?? host;
        return {
            secureContext: this.context,
            rejectUnauthorized: this.isVerified,
            // TLS server names cannot be addresses, so `checkServerIdentity` verifies an address.
            servername: isIP(servername) ? undefined : servername,
            ...(this.checkIdentity ? { checkServerIdentity: this.checkIdentity } : {}),
        };
    }

    private createContext(): SecureContext {
        const [authorities, certificate, key] = FILE_KEYS.map(name => this.get(name));
        if ((certificate === null) !== (key === null)) {
            const [has, lacks] = key === null ? ['ssl_crt_file', 'ssl_key_file'] : ['ssl_key_file', 'ssl_crt_file'];
            throw invalidCredential(`credential.${has}`, `expected credential.${lacks} beside it`);
        }
        this.files = this.readFiles();
        const ca = authorities && readCertificates('credential.ssl_ca_file', authorities).pem;
        const own = certificate && key ? readPair(certificate, key) : {};
        try {
            return createSecureContext({ ...(ca ? { ca } : {}), ...own });
        } catch (error) {
            const { reason, message } = error as Error & { reason?: string };
            throw invalidCredential('TLS files', reason ?? message);
        }
    }

    private readFiles(): string {
        const files = FILE_KEYS.map(key => this.get(key));
        return files.map(file => (file === null ? '' : readOrNothing(file))).join('\n');
    }

    private get(key: string): string | null {
        const text = this.credential.getAsNullableString(key);
        return text === null || text.trim() === '' ? null : text.trim();
    }
}

function readOrNothing(file: string): string {
    try {
        return readFileSync(file, 'latin1');
    } catch {
        return '';
    }
}

function readPair(certificateFile: string, keyFile: string): { cert: string; key: string } {
    const { pem, first } = readCertificates('credential.ssl_crt_file', certificateFile);
    const key = readKey('credential.ssl_key_file', keyFile);
    if (!first.checkPrivateKey(key)) {
        throw invalidCredential('credential.ssl_key_file', 'expected the key of credential.ssl_crt_file');
    }
    return { cert: pem, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
