/// Something that can be painted at any size. A scene is a value: the same scene gives the same picture.
protocol Scene: Sendable {
    func paint(on canvas: inout Canvas)
}
