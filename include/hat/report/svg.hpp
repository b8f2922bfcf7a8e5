// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace hat::report {

/// A drawing as SVG text: shapes are added one after the other, coordinates are pixels from the top
/// left corner. Without scripts, style sheets or fonts of its own, so that a browser and a code
/// host show it alike; on a white ground, so that it is readable on a dark page.
class Svg {
public:
    /// A place, across and down.
    using Point = std::array<double, 2>;

    /// Which part of a text is at its position.
    enum class Anchor { start, middle, end };

    /// How words are written.
    struct Text {
        double size = 12;
        Anchor anchor = Anchor::start;
        std::string_view color = "#222";
        bool bold = false;
        bool edged = false;  ///< in white, to be read on what is drawn below
        double degrees = 0;  ///< turned about its own position
    };

    /// An empty drawing of so many pixels.
    Svg(int width, int height) : width_(width), height_(height) {
        body_ = "<rect width=\"" + std::to_string(width) + "\" height=\"" + std::to_string(height) +
                "\" fill=\"#fff\"/>\n";
    }

    /// A filled box, with a border unless `stroke` is empty.
    void box(double x, double y, double width, double height, std::string_view fill,
             std::string_view stroke = {}, double radius = 0) {
        body_ += "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(width) +
                 "\" height=\"" + number(height) + "\" fill=\"" + std::string(fill) + '"';
        if (!stroke.empty()) body_ += " stroke=\"" + std::string(stroke) + '"';
        if (radius > 0) body_ += " rx=\"" + number(radius) + '"';
        body_ += "/>\n";
    }
    /// A line between two points.
    void line(double x1, double y1, double x2, double y2, std::string_view color, double width = 1,
              bool dashed = false) {
        body_ += "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) +
                 "\" y2=\"" + number(y2) + "\" stroke=\"" + std::string(color) +
                 "\" stroke-width=\"" + number(width) + '"';
        if (dashed) body_ += " stroke-dasharray=\"5 4\"";
        body_ += "/>\n";
    }
    /// A line through `points`.
    void polyline(std::span<const Point> points, std::string_view color, double width = 1) {
        body_ += "<polyline points=\"";
        for (std::size_t i = 0; i < points.size(); ++i)
            body_ += (i > 0 ? " " : "") + number(points[i][0]) + ',' + number(points[i][1]);
        body_ += R"(" fill="none" stroke=")" + std::string(color) + R"(" stroke-width=")" +
                 number(width) + "\"/>\n";
    }
    /// Small dots as one pale shape, to whole pixels: of those at the same place, one.
    void cloud(std::span<const Point> points, double radius, std::string_view color) {
        std::set<std::array<int, 2>> places;
        for (const Point& point : points)
            places.insert(
                {static_cast<int>(std::lround(point[0])), static_cast<int>(std::lround(point[1]))});
        body_ += "<path d=\"";
        for (const auto& [x, y] : places)
            body_ += 'M' + std::to_string(x) + ' ' + std::to_string(y) + "h0";
        body_ += "\" stroke=\"" + std::string(color) + "\" stroke-width=\"" + number(2 * radius) +
                 R"(" stroke-linecap="round" stroke-opacity="0.35"/>)" + "\n";
    }
    /// A circle around a place.
    void ring(double x, double y, double radius, std::string_view color, double width = 2) {
        body_ += "<circle cx=\"" + number(x) + "\" cy=\"" + number(y) + "\" r=\"" + number(radius) +
                 R"(" fill="none" stroke=")" + std::string(color) + "\" stroke-width=\"" +
                 number(width) + "\"/>\n";
    }
    /// A dot that tells `title` when pointed at.
    void dot(double x, double y, double radius, std::string_view color,
             std::string_view title = {}) {
        body_ += "<circle cx=\"" + number(x) + "\" cy=\"" + number(y) + "\" r=\"" + number(radius) +
                 "\" fill=\"" + std::string(color) + R"(" fill-opacity="0.75")";
        body_ += title.empty() ? "/>\n" : "><title>" + escape(title) + "</title></circle>\n";
    }
    void text(double x, double y, std::string_view words, const Text& style) {
        constexpr std::array anchors{"start", "middle", "end"};
        body_ += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" font-size=\"" +
                 number(style.size) + "\" text-anchor=\"" +
                 anchors[static_cast<std::size_t>(style.anchor)] + "\" fill=\"" +
                 std::string(style.color) + '"';
        if (style.bold) body_ += " font-weight=\"bold\"";
        if (style.edged) body_ += R"( paint-order="stroke" stroke="#fff" stroke-width="4")";
        if (style.degrees != 0) {
            body_ += " transform=\"rotate(" + number(style.degrees) + ' ' + number(x) + ' ' +
                     number(y) + ")\"";
        }
        body_ += '>' + escape(words) + "</text>\n";
    }

    /// The whole file.
    [[nodiscard]] std::string str() const {
        const std::string size = std::to_string(width_) + ' ' + std::to_string(height_);
        return R"(<svg xmlns="http://www.w3.org/2000/svg" width=")" + std::to_string(width_) +
               "\" height=\"" + std::to_string(height_) + "\" viewBox=\"0 0 " + size +
               "\" font-family=\"sans-serif\">\n" + body_ + "</svg>\n";
    }

    /// A coordinate: at most two decimals.
    /// Precondition: `value` is finite.
    [[nodiscard]] static std::string number(double value) {
        std::array<char, 64> text{};
        std::snprintf(text.data(), text.size(), "%.2f", value);
        std::string trimmed = text.data();
        trimmed.erase(trimmed.find_last_not_of('0') + 1);
        if (trimmed.back() == '.') trimmed.pop_back();
        return trimmed == "-0" ? "0" : trimmed;
    }
    /// Words as XML has them in text and attributes.
    [[nodiscard]] static std::string escape(std::string_view words) {
        std::string text;
        for (const char c : words) {
            if (c == '<')
                text += "&lt;";
            else if (c == '>')
                text += "&gt;";
            else if (c == '&')
                text += "&amp;";
            else if (c == '"')
                text += "&quot;";
            else
                text += c;
        }
        return text;
    }

private:
    int width_;
    int height_;
    std::string body_;
};

}  // namespace hat::report
