import { isIP } from 'node:net';
import { checkServerIdentity, type ConnectionOptions, type SecureContext } from 'node:tls';
import type { CredentialParams } from 'pip-services4-config-node';
import { parseBoolean } from '../../util/parse';
import { invalidCredential } from '../../component/errors';
import { TlsFiles, type TlsPaths } from './TlsFiles';

export const TLS_FILE_KEYS = ['ssl_ca_file', 'ssl_crt_file', 'ssl_key_file'];
export const TLS_KEYS = [...TLS_FILE_KEYS, 'ssl_server_name', 'ssl_verify'];

/** The result of `refresh`. A change is in progress until two readings agree. */
export type Refresh = 'unchanged' | 'changing' | 'renewed';

/**
 * The TLS part of a credential. It reads the files when the first server needs TLS. All sockets
 * share one secure context, because creating a context costs more than a handshake.
 */
export class TlsSettings {
    /** Whether the client verifies the certificates of servers. */
    readonly isVerified: boolean;
    readonly keys: readonly string[];
    private context: SecureContext | null = null;
    /** The fingerprint of the files of the context. */
    private current = '';
    /** The fingerprint of the last reading. */
    private latest = '';
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

    /** Returns whether the credential is unchanged. `refresh` notices changes of its files. */
    matches(credential: CredentialParams): boolean {
        return TLS_KEYS.every(key => credential.getAsNullableString(key) === this.credential.getAsNullableString(key));
    }

    /**
     * Returns the options of `tls.connect` for a host. Each socket reads the context anew, so that
     * it gets the one of the last `refresh`.
     * @throws ConfigException NO_CREDENTIAL, INVALID_CREDENTIAL
     */
    toOptions(host: string): ConnectionOptions {
        this.context ??= this.createContext();
        const current = (): SecureContext => this.context!;
        const servername = this.get('ssl_server_name') ?? host;
        return {
            get secureContext() {
                return current();
            },
            rejectUnauthorized: this.isVerified,
            // TLS server names cannot be addresses, so `checkServerIdentity` verifies an address.
            servername: isIP(servername) ? undefined : servername,
            ...(this.checkIdentity ? { checkServerIdentity: this.checkIdentity } : {}),
        };
    }

    /**
     * Reads the files again. New sockets use them if they have changed and are valid. A program may
     * still be writing, so a change counts when two calls in a row have read the same.
     * @throws ConfigException NO_CREDENTIAL, INVALID_CREDENTIAL and keeps the old context
     */
    async refresh(): Promise<Refresh> {
        if (this.context === null) return 'unchanged';
        const files = await TlsFiles.read(this.paths);
        const isStable = files.fingerprint === this.latest;
        this.latest = files.fingerprint;
        if (files.fingerprint === this.current) return 'unchanged';
        if (!isStable) return 'changing';
        this.context = files.toContext();
        this.current = files.fingerprint;
        return 'renewed';
    }

    private createContext(): SecureContext {
        const { certificate, key } = this.paths;
        if ((certificate === null) !== (key === null)) {
            const [has, lacks] = key === null ? ['ssl_crt_file', 'ssl_key_file'] : ['ssl_key_file', 'ssl_crt_file'];
            throw invalidCredential(`credential.${has}`, `expected credential.${lacks} beside it`);
        }
        const files = TlsFiles.readSync(this.paths);
        const context = files.toContext();
        this.current = files.fingerprint;
        return context;
    }

    private get paths(): TlsPaths {
        return {
            authorities: this.get('ssl_ca_file'),
            certificate: this.get('ssl_crt_file'),
            key: this.get('ssl_key_file'),
        };
    }

    private get(key: string): string | null {
        const text = this.credential.getAsNullableString(key);
        return text === null || text.trim() === '' ? null : text.trim();
    }
}
