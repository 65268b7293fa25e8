import GRDB
import AsyncHTTPClient
import Hummingbird
