import { ConfigParams, type IReferences } from 'pip-services4-components-node';
import { CredentialParams, CredentialResolver } from 'pip-services4-config-node';
import type { AnyContext } from '../component/ComponentLogger';
import { noCredential } from '../component/errors';
import { Access } from './discovery/Access';
import { TLS_FILE_KEYS, TlsSettings } from './tls/TlsSettings';
import { toLogin } from './toLogin';

/** The lookup of the credential, from the configuration and from the referenced stores. */
export class AccessLookup {
    private readonly credentials: CredentialResolver;

    constructor(config: ConfigParams, references: IReferences | null) {
        this.credentials = new CredentialResolver(config, references);
    }

    /** Returns whether TLS files may be in use, now or after another lookup. */
    get mayUseTlsFiles(): boolean {
        const has = (credential: CredentialParams, key: string): boolean => !!credential.getAsNullableString(key);
        return this.credentials
            .getAll()
            .some(one => one.useCredentialStore() || TLS_FILE_KEYS.some(key => has(one, key)));
    }

    /**
     * Returns the credential. Keeps the TLS settings of the last one if they have not changed,
     * because new ones reconnect the servers.
     * @throws ConfigException NO_CREDENTIAL, INVALID_CREDENTIAL
     */
    async lookUp(context: AnyContext, last: Access | null): Promise<Access> {
        const credential = await this.lookUpCredential(context);
        const tls = last?.tls.matches(credential) ? last.tls : new TlsSettings(credential);
        return new Access(credential, tls, toLogin(credential.getUsername(), credential.getPassword()));
    }

    private async lookUpCredential(context: AnyContext): Promise<CredentialParams> {
        const configured = this.credentials.getAll();
        if (configured.length === 0) return new CredentialParams();
        const credential = await this.credentials.lookup(context as never);
        if (credential !== null) {
            const beside = configured.find(one => one.useCredentialStore());
            if (beside === undefined || configured.includes(credential)) return credential;
            return new CredentialParams(ConfigParams.mergeConfigs(beside, credential));
        }
        const keys = configured.map(one => one.getStoreKey()).join(', ');
        throw noCredential(`no credential found: expected ${keys} in a credential store`);
    }
}
