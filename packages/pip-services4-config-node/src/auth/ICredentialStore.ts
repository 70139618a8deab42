import type { IContext } from 'pip-services4-components-node';
import type { CredentialParams } from './CredentialParams';

/** A store of credentials by key. */
export interface ICredentialStore {
    /** Stores the credential. null removes the key. */
    store(context: IContext | null, key: string, credential: CredentialParams | null): Promise<void>;
    /** Returns null for an unknown key. */
    lookup(context: IContext | null, key: string): Promise<CredentialParams | null>;
}
