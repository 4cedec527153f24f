export type SqlValue = string | number | null
export type SqlRow = Readonly<Record<string, unknown>>

/** Statements with `$1`, `$2` …, which SQLite and PostgreSQL both understand. */
export interface SqlSession {
  rows(statement: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>
  /** Several statements without values. */
  script(statements: string): Promise<void>
}

/**
 * What the store needs of a database. Whole numbers come back as `number`. Everything throws `StoreError`, `away` when
 * the database cannot be reached now.
 */
export interface SqlDatabase extends AsyncDisposable {
  /** What was committed, without waiting for a writer. */
  read(statement: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>
  /** One transaction: all of it or nothing. Writers, of all processes, take turns. */
  write<T>(work: (session: SqlSession) => Promise<T>): Promise<T>
  /** Called when anybody may have committed something, this process included; at most a second after. */
  onCommit(listener: () => void): Disposable
}
