import { readFileSync } from 'node:fs';
import { ConfigException, FileException } from 'pip-services4-commons-node';
import { ContextResolver, type ConfigParams, type IContext } from 'pip-services4-components-node';
import { ConfigReader } from './ConfigReader';

/** A reader of the file `path`. Its `parameters.*` are those of `ConfigReader`. */
export abstract class FileConfigReader extends ConfigReader {
    private _path: string | null;

    public constructor(path?: string | null) {
        super();
        this._path = path ?? null;
    }

    public override configure(config: ConfigParams): void {
        super.configure(config);
        this._path = config.getAsStringWithDefault('path', this._path as string);
    }

    public getPath(): string | null {
        return this._path;
    }

    public setPath(path: string | null): void {
        this._path = path;
    }

    /**
     * Returns the parsed content: a map, a list (its sections are 0, 1, …), or null for an empty
     * file.
     * @throws ConfigException NO_PATH, FileException READ_FAILED
     */
    protected readParsed(
        context: IContext | null,
        parameters: ConfigParams | null,
        parse: (text: string) => unknown,
    ): unknown {
        const path = this._path;
        const traceId = ContextResolver.getTraceId(context);
        if (path == null) throw new ConfigException(traceId, 'NO_PATH', 'Missing config file path');
        try {
            const text = this.parameterize(readFileSync(path, 'utf8'), parameters);
            const content = text.trim() === '' ? null : parse(text);
            if (typeof content !== 'object') throw new Error(`the content is a ${typeof content}, not a map or a list`);
            return content;
        } catch (error) {
            const cause = error as Error;
            const message = `Failed reading configuration ${path}: ${cause.message}`;
            throw new FileException(traceId, 'READ_FAILED', message).withDetails('path', path).withCause(cause);
        }
    }
}
