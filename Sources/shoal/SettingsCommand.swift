import ArgumentParser
import Foundation
import Settings

/// A command whose arguments are settings: they have one name as flag, variable and key, so ``ResolvedSettings`` reads them and not the
/// argument parser, which knows flags alone.
protocol SettingsCommand: AsyncParsableCommand {
    static var schema: SettingsSchema { get }
    var arguments: [String] { get }
    func run(_ settings: ResolvedSettings) async throws
}

extension SettingsCommand {
    func run() async throws {
        guard arguments.allSatisfy({ $0 != "--help" && $0 != "-h" }) else {
            print("\(Self.configuration.abstract)\n\nSETTINGS\n\(Self.schema.help)")
            return
        }
        do {
            try await run(
                ResolvedSettings(
                    Self.schema,
                    arguments: arguments,
                    environment: ProcessInfo.processInfo.environment,
                    otherVariables: Shoal.variables
                )
            )
        } catch let error as SettingsError {
            throw ValidationError(error.description)
        }
    }
}
