public enum BrowserClient {
    public static let pageScript: [UInt8] = []
    public static let workerScript: [UInt8] = []
    public static let pageScriptIntegrity = ""
    public static let workerScriptIntegrity = ""
}
