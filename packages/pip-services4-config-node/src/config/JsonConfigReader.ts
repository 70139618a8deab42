import { ConfigParams, type IContext } from 'pip-services4-components-node';
import { FileConfigReader } from './FileConfigReader';

/** A reader of JSON files with mustache variables (see `renderMustache`). */
export class JsonConfigReader extends FileConfigReader {
    /**
     * Returns a map, a list, or null for an empty file.
     * @throws ConfigException NO_PATH, FileException READ_FAILED
     */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public readObject(context: IContext | null, parameters: ConfigParams | null): any {
        return this.readParsed(context, parameters, text => JSON.parse(text) as unknown);
    }

    // eslint-disable-next-line @typescript-eslint/require-await -- a failure is a rejection
    public async readConfig(context: IContext | null, parameters: ConfigParams | null): Promise<ConfigParams> {
        return ConfigParams.fromValue(this.readObject(context, parameters));
    }

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public static readObject(context: IContext | null, path: string, parameters: ConfigParams | null): any {
        return new JsonConfigReader(path).readObject(context, parameters);
    }

    public static readConfig(context: IContext | null, path: string, parameters: ConfigParams | null): ConfigParams {
        return ConfigParams.fromValue(JsonConfigReader.readObject(context, path, parameters));
    }
}
