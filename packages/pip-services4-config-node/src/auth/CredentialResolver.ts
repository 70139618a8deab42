import { Descriptor, ReferenceException } from 'pip-services4-components-node';
import type { ConfigParams, IConfigurable, IContext, IReferenceable, IReferences } from 'pip-services4-components-node';
import { CredentialParams } from './CredentialParams';
import type { ICredentialStore } from './ICredentialStore';

/**
 * A resolver of the credentials `credentials.<name>.*`, or else `credential.*`. It looks up a
 * credential with a `store_key` in every referenced `*:credential-store:*:*:*`.
 */
export class CredentialResolver implements IConfigurable, IReferenceable {
    private readonly _credentials: CredentialParams[] = [];
    private _references: IReferences | null = null;

    public constructor(config?: ConfigParams | null, references?: IReferences | null) {
        if (config != null) this.configure(config);
        if (references != null) this.setReferences(references);
    }

    /** Adds credentials. A second configuration keeps those of the first. */
    public configure(config: ConfigParams): void {
        this._credentials.push(...CredentialParams.manyFromConfig(config));
    }

    public setReferences(references: IReferences): void {
        this._references = references;
    }

    public getAll(): CredentialParams[] {
        return [...this._credentials];
    }

    public add(credential: CredentialParams): void {
        this._credentials.push(credential);
    }

    /**
     * Returns the first direct credential, or else the first one in a store, or else null.
     * @throws ReferenceException REF_ERROR when it needs a store and there is no reference to one
     */
    public async lookup(context: IContext | null): Promise<CredentialParams | null> {
        const direct = this._credentials.find(credential => !credential.useCredentialStore());
        if (direct != null) return direct;
        for (const credential of this._credentials) {
            for (const store of this.stores(context)) {
                const found = await store.lookup(context, credential.getStoreKey() as string);
                if (found != null) return found;
            }
        }
        return null;
    }

    private stores(context: IContext | null): ICredentialStore[] {
        if (this._references == null) return [];
        const stores = this._references.getOptional<ICredentialStore>(ANY_STORE);
        if (stores.length === 0) throw new ReferenceException(context, ANY_STORE);
        return stores;
    }
}

const ANY_STORE = new Descriptor('*', 'credential-store', '*', '*', '*');
