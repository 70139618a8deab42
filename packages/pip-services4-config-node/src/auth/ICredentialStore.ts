import type { IContext } from 'pip-services4-components-node';
import type { CredentialParams } from './CredentialParams';

export interface ICredentialStore {
    /** null as the credential removes it. */
    store(context: IContext | null, key: string, credential: CredentialParams | null): Promise<void>;
    /** null for a key that is not there. */
    lookup(context: IContext | null, key: string): Promise<CredentialParams | null>;
}
