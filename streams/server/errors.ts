// Everything that can go wrong with a server of our own, each with what to do about it.

/** No nats-server program could be found or fetched; the message ends with the line that mends it. */
export class ServerNotFoundError extends Error {
  override readonly name = 'ServerNotFoundError';
  readonly mend: string;
  constructor(message: string, mend: string, cause?: unknown) {
    super(`${message}\nTo mend it: ${mend}`, { cause });
    this.mend = mend;
  }
}

/** The options given to startServer do not make sense; the message names the option. */
export class ServerOptionsError extends Error {
  override readonly name = 'ServerOptionsError';
}

/** The data folder is being used by another live server. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError';
  readonly dataFolder: string;
  /** Process id of the server, or of the program that is starting it. */
  readonly holderPid: number;
  constructor(dataFolder: string, holderPid: number) {
    super(
      `The data folder ${dataFolder} is used by another server (process ${holderPid}). ` +
        'Stop that one first, or give this one a data folder of its own.',
    );
    this.dataFolder = dataFolder;
    this.holderPid = holderPid;
  }
}

/** The server did not become ready; the message carries the end of its log. */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError';
  readonly logTail: string;
  constructor(message: string, logTail: string, cause?: unknown) {
    super(logTail === '' ? message : `${message}\nThe end of its log:\n${logTail}`, { cause });
    this.logTail = logTail;
  }
  /** Whether another program already listens on a port that was asked for. */
  get portTaken(): boolean {
    return /address already in use/i.test(this.logTail);
  }
}

/** The server was still there after it was told to end, or a call needs a server that is not running. */
export class ServerStateError extends Error {
  override readonly name = 'ServerStateError';
}
