import type { ConfigParams, IContext, IReconfigurable } from 'pip-services4-components-node';
import { CredentialParams } from './CredentialParams';
import type { ICredentialStore } from './ICredentialStore';

/** A store of credentials by key. Its configuration has `<key>.username`, `<key>.password`, …. */
export class MemoryCredentialStore implements ICredentialStore, IReconfigurable {
    private readonly _credentials = new Map<string, CredentialParams>();

    public constructor(config?: ConfigParams | null) {
        if (config != null) this.configure(config);
    }

    public configure(config: ConfigParams): void {
        this.readCredentials(config);
    }

    /**
     * Replaces all credentials. A key without a section below it (such as `descriptor`) is not a
     * credential.
     */
    public readCredentials(config: ConfigParams): void {
        this._credentials.clear();
        for (const key of config.getSectionNames()) {
            const credential = new CredentialParams(config.getSection(key));
            if (credential.length() > 0) this._credentials.set(key, credential);
        }
    }

    public store(_context: IContext | null, key: string, credential: CredentialParams | null): Promise<void> {
        if (credential != null) this._credentials.set(key, credential);
        else this._credentials.delete(key);
        return Promise.resolve();
    }

    public lookup(_context: IContext | null, key: string): Promise<CredentialParams | null> {
        return Promise.resolve(this._credentials.get(key) ?? null);
    }
}
