import Foundation
import Settings
import Testing

/// Where a value comes from, and what is said when it cannot be used.
@Suite struct ResolvedSettingsTests {
    // MARK: Precedence

    @Test func prefersFlagsToTheEnvironmentAndThatToTheFileAndThatToTheDefault() throws {
        try withFile("message-size-limit: 40\n") { (path) throws in
            let file = ["--config-file", path]
            let variable = ["SHOAL_MESSAGE_SIZE_LIMIT": "30"]
            let flag = ["--message-size-limit", "20"]
            #expect(try Example.resolve(file + flag, environment: variable).value(Example.limit) == 20)
            #expect(try Example.resolve(file, environment: variable).value(Example.limit) == 30)
            #expect(try Example.resolve(file).value(Example.limit) == 40)
            #expect(try Example.resolve().value(Example.limit) == 10)
        }
    }

    @Test func takesTheFilesNameFromAFlagBeforeTheEnvironment() throws {
        try withFile("message-size-limit: 40\n") { (path) throws in
            try withFile("message-size-limit: 41\n") { (other) throws in
                let variable = ["SHOAL_CONFIG_FILE": other]
                #expect(try Example.resolve(environment: variable).value(Example.limit) == 41)
                let resolved = try Example.resolve(["--config-file", path], environment: variable)
                #expect(try resolved.value(Example.limit) == 40)
            }
        }
    }

    @Test func saysWhetherASettingWasGiven() throws {
        let resolved = try Example.resolve(["--open"], environment: ["SHOAL_LOG_LEVEL": "info"])
        #expect(resolved.isGiven(Example.isOpen))
        #expect(resolved.isGiven(Example.level))
        #expect(!resolved.isGiven(Example.limit))
    }

    @Test func givesNothingForWhatMayBeAbsent() throws {
        #expect(try Example.resolve().value(Example.count) == nil)
        #expect(try Example.resolve(["--event-loops", "4"]).value(Example.count) == 4)
    }

    @Test func demandsWhatIsNeeded() {
        #expect(Example.failure(Example.needed) == "--root-thumbprint is needed: The root key.")
        #expect(Example.failure(Example.needed, ["--root-thumbprint=x"]) == nil)
    }

    // MARK: Flags

    @Test(arguments: [["--message-size-limit", "20"], ["--message-size-limit=20"]])
    func readsBothFormsOfAFlag(arguments: [String]) throws {
        #expect(try Example.resolve(arguments).value(Example.limit) == 20)
    }

    @Test func keepsWhatStandsBehindTheFirstEqualsSign() throws {
        #expect(try Example.resolve(["--authority-url=http://a/?b=c"]).value(Example.url) == "http://a/?b=c")
    }

    @Test func readsSwitches() throws {
        #expect(try Example.resolve(["--open"]).value(Example.isOpen))
        #expect(try Example.resolve(["--open=true"]).value(Example.isOpen))
        #expect(try !Example.resolve(["--open=false"], environment: ["SHOAL_OPEN": "true"]).value(Example.isOpen))
        // A switch takes no value from the argument behind it.
        let failure = Example.failure(Example.isOpen, ["--open", "false"])
        #expect(failure == "\"false\" is not a flag; flags begin with --.")
    }

    @Test func readsLists() throws {
        let servers = Example.servers
        #expect(try Example.resolve().value(servers) == [])
        #expect(try Example.resolve(["--ice-servers", "a, b"]).value(servers) == ["a", "b"])
        #expect(try Example.resolve(["--ice-servers", "a", "--ice-servers=b,c"]).value(servers) == ["a", "b", "c"])
        #expect(try Example.resolve(environment: ["SHOAL_ICE_SERVERS": "a,b"]).value(servers) == ["a", "b"])
    }

    @Test(arguments: [
        (["--message-size-limit", "1", "--message-size-limit", "2"], "--message-size-limit is given twice."),
        (["--open", "--open"], "--open is given twice."),
        (["--message-size-limit"], "--message-size-limit needs a value (N)."),
        (["message-size-limit"], "\"message-size-limit\" is not a flag; flags begin with --."),
        (["-m"], "\"-m\" is not a flag; flags begin with --."),
        (["--"], "\"--\" is not a flag; flags begin with --."),
        (
            ["--message-size-limt", "1"],
            "--message-size-limt is not a setting of this command; did you mean message-size-limit?"
        ),
        (["--qwertyuiop", "1"], "--qwertyuiop is not a setting of this command; see --help"),
        (["--=1"], "-- is not a setting of this command; see --help"),
    ])
    func refusesWrongFlags(arguments: [String], message: String) {
        #expect(Example.failure(Example.limit, arguments) == message)
    }

    // MARK: The environment

    @Test func refusesAnUnknownVariableWithThePrefixOnly() throws {
        #expect(
            Example.failure(Example.limit, environment: ["SHOAL_MESSAGE_SIZE_LIMITS": "1"])
                == "SHOAL_MESSAGE_SIZE_LIMITS in the environment is not a setting of this command; did you mean message-size-limit?"
        )
        #expect(try Example.resolve(environment: ["HOME": "/", "MESSAGE_SIZE_LIMIT": "1"]).value(Example.limit) == 10)
        let others = ["SHOAL_SOMETHING_ELSE": "1"]
        #expect(try Example.resolve(environment: others, others: ["SHOAL_SOMETHING_ELSE"]).value(Example.limit) == 10)
    }

    // MARK: The file

    @Test func readsAFile() throws {
        let text = """
            # A comment.
            message-size-limit: 99
            open: true
            authority-url: "https://b"
            ice-servers:
              - stun:a
              - stun:b
            public-address: "[::1]:80"
            """
        try withFile(text) { (path) throws in
            let resolved = try Example.resolve(["--config-file", path])
            #expect(try resolved.value(Example.limit) == 99)
            #expect(try resolved.value(Example.isOpen))
            #expect(try resolved.value(Example.url) == "https://b")
            #expect(try resolved.value(Example.servers) == ["stun:a", "stun:b"])
            #expect(try resolved.value(Example.address) == ListenAddress(host: "::1", port: 80))
        }
    }

    @Test(arguments: ["", "\n", "# nothing but a comment\n"])
    func readsAnEmptyFile(text: String) throws {
        try withFile(text) { (path) throws in
            #expect(try Example.resolve(["--config-file", path]).value(Example.limit) == 10)
        }
    }

    @Test(arguments: [
        (
            "mesage-size-limit: 1",
            "\"mesage-size-limit\" in PATH is not a setting of this command; did you mean message-size-limit?"
        ),
        ("config-file: x", "\"config-file\" in PATH cannot be set there; give it as a flag or in the environment."),
        (
            "message-size-limit: many",
            "\"message-size-limit\" in PATH must be a whole number from 1 to 100; it is \"many\"."
        ),
        ("message-size-limit:", "\"message-size-limit\" in PATH must be a whole number from 1 to 100; it is \"\"."),
        ("message-size-limit: [1, 2]", "\"message-size-limit\" in PATH takes one value; it has 2."),
        ("message-size-limit: {a: 1}", "\"message-size-limit\" in PATH must be a value or a list of values."),
        ("ice-servers: [a, [b]]", "\"ice-servers\" in PATH must be a value or a list of values."),
        ("- message-size-limit", "The configuration file PATH must hold lines of the form \"name: value\"."),
        ("just text", "The configuration file PATH must hold lines of the form \"name: value\"."),
    ])
    func refusesAWrongFileAndNamesIt(text: String, message: String) throws {
        try withFile(text) { (path) throws in
            let setting = text.hasPrefix("ice") ? nil : Example.limit
            let failure =
                setting.map { Example.failure($0, ["--config-file", path]) }
                ?? Example.failure(Example.servers, ["--config-file", path])
            #expect(failure == message.replacing("PATH", with: path))
        }
    }

    @Test(arguments: ["message-size-limit: [1", "message-size-limit: 1\nmessage-size-limit: 2"])
    func refusesWhatIsNoYAML(text: String) throws {
        try withFile(text) { (path) throws in
            let failure = try #require(Example.failure(Example.limit, ["--config-file", path]))
            #expect(failure.hasPrefix("The configuration file \(path) cannot be read: "))
        }
    }

    @Test func refusesAFileThatIsNotThere() throws {
        let failure = try #require(Example.failure(Example.limit, ["--config-file", "/nowhere/settings.yaml"]))
        #expect(failure.hasPrefix("The configuration file /nowhere/settings.yaml cannot be read: "))
    }

    // MARK: The source of a bad value

    @Test func namesTheSourceOfABadValue() throws {
        let expectation = "must be a whole number from 1 to 100; it is"
        #expect(
            Example.failure(Example.limit, ["--message-size-limit", "101"])
                == "--message-size-limit \(expectation) \"101\"."
        )
        #expect(
            Example.failure(Example.limit, environment: ["SHOAL_MESSAGE_SIZE_LIMIT": "0"])
                == "SHOAL_MESSAGE_SIZE_LIMIT \(expectation) \"0\"."
        )
        try withFile("message-size-limit: 1.5") { (path) throws in
            #expect(
                Example.failure(Example.limit, ["--config-file", path])
                    == "\"message-size-limit\" in \(path) \(expectation) \"1.5\"."
            )
        }
    }

    @Test func helpsWithEverySetting() {
        let help = Example.schema.help
        for declaration in Example.schema.declarations {
            #expect(help.contains("--\(declaration.name)"))
            #expect(help.contains(declaration.help))
        }
        #expect(help.contains("--message-size-limit N\n        Bytes. (default: 10)"))
        #expect(help.contains("  --open\n"))
        #expect(Example.limit.declaration.variable == "SHOAL_MESSAGE_SIZE_LIMIT")
    }
}
